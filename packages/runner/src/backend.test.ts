import type { Backend, Session } from '@medbench/core';
import { expect, it, vi } from 'vitest';
import { withOptions } from './backend.js';
import { ProfileClock, profiledBackend } from './profile/index.js';

it('keeps what a backend says of itself, and passes the folder of compiled programs to sessions and estimates', async () => {
  const session: Session = { step: async () => ({}), readState: async () => ({}), dispose: async () => {} };
  const load = vi.fn(async () => session);
  const estimate = vi.fn();
  const backend: Backend = {
    ...{ id: 'device', takesLevels: true, precisions: ['float32', 'bfloat16'], load, estimate },
    status: async () => ({ available: true, reason: 'works' }),
    deviceMemory: async () => 7,
  };
  const wrapped = profiledBackend(withOptions(backend, { cache: 'programs', threads: 3 }), new ProfileClock());
  expect(wrapped).toMatchObject({ id: 'device', takesLevels: true, precisions: backend.precisions });
  expect(await wrapped.deviceMemory!()).toBe(7);
  const program = { name: 'test', state: {}, inputs: {}, run: () => ({ outputs: {} }) };
  await wrapped.load(program, {}, { precision: 'bfloat16' });
  expect(load).toHaveBeenCalledWith(program, {}, { cache: 'programs', threads: 3, precision: 'bfloat16' });
  await wrapped.estimate!(program, { devices: 2 });
  expect(estimate).toHaveBeenCalledWith(program, { cache: 'programs', threads: 3, devices: 2 });
});
