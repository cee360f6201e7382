import type { Backend, Program, Session } from '@medbench/core';
import { NO_PROFILE } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { profiledBackend } from './backend.js';
import { ProfileClock } from './clock.js';

/** A clock that advances only when `pass` is called, in seconds. */
function settableClock() {
  let now = 5000;
  // CPU time passes as if one and a half threads were busy.
  const clock = new ProfileClock(
    now,
    () => now,
    () => 1.5 * (now - 5000),
  );
  const pass = (seconds: number): void => {
    now += seconds * 1000;
  };
  const seconds = (): Record<string, number> =>
    Object.fromEntries(clock.report().phases.map(({ phase, seconds: phaseSeconds }) => [phase, phaseSeconds]));
  return { clock, pass, seconds };
}

describe('a profile', () => {
  it('counts a nested phase for that phase only, and time outside all phases as other', () => {
    const { clock, pass, seconds } = settableClock();
    pass(1);
    clock.started();
    pass(2);
    const result = clock.span('linear-probe', () => {
      pass(3);
      clock.span('embedding', () => pass(4));
      pass(5);
      return 'done';
    });
    expect(result).toBe('done');
    expect(seconds()).toEqual({ 'linear-probe': 8, embedding: 4, other: 2, 'start-up': 1 });
    expect(clock.report()).toMatchObject({
      seconds: 15,
      phases: [{ count: 1, share: 8 / 15, cpuSeconds: 12 }, {}, {}, {}],
    });
  });

  it('counts a promise until it settles, and adds up to the wall time even if phases overlap or fail', async () => {
    const { clock, pass, seconds } = settableClock();
    clock.started();
    let end = (): void => {};
    const first = clock.span('opening data', () => new Promise<void>((resolve) => (end = resolve)));
    pass(1);
    const second = clock.span('step', async () => {
      throw new Error('no');
    });
    pass(2);
    await expect(second).rejects.toThrow('no');
    pass(4);
    end();
    await first;
    pass(8);
    expect(() =>
      clock.span('vqa', () => {
        pass(16);
        throw new Error('neither');
      }),
    ).toThrow('neither');
    expect(seconds()).toEqual({ vqa: 16, other: 8, 'opening data': 5, step: 2, 'start-up': 0 });
    expect(clock.report().seconds).toBe(31);
  });

  it('separates rows, and keeps the time of other threads out of the sum', () => {
    const { clock, pass } = settableClock();
    clock.started();
    clock.row('clip', () => {
      clock.row('general', () => clock.span('step', () => pass(3)));
      clock.span('step', () => pass(1));
    });
    clock.beside('making batches', 7000);
    const { rows, beside, seconds } = clock.report();
    expect(seconds).toBe(4);
    expect(rows.map(({ row, seconds: rowSeconds, phases }) => [row, rowSeconds, phases.step])).toEqual([
      ['(run)', 0, undefined],
      ['clip', 1, 1],
      ['general', 3, 3],
    ]);
    expect(beside).toEqual({ 'making batches': 7 });
  });

  it('leaves out the time that it only waits for others, and adds up their profiles', () => {
    const { clock, pass } = settableClock();
    clock.started();
    clock.row('clip', () => clock.pause(() => pass(50)));
    clock.span('galleries', () => pass(1));
    const worker = settableClock();
    worker.clock.started();
    worker.clock.row('clip', () => worker.clock.span('step', () => worker.pass(3)));
    worker.clock.beside('making batches', 2000);
    for (let process = 0; process < 2; process++) clock.join(worker.clock.report());
    const { phases, rows, beside, seconds } = clock.report();
    expect(seconds).toBe(51);
    expect(
      phases
        .slice(0, 2)
        .map(({ phase, seconds: spent, cpuSeconds, share, count }) => [phase, spent, cpuSeconds, share, count]),
    ).toEqual([
      ['step', 6, 9, 6 / 7, 2],
      ['galleries', 1, 1.5, 1 / 7, 1],
    ]);
    expect(rows.find(({ row }) => row === 'clip')!.phases.step).toBe(6);
    expect(beside).toEqual({ 'making batches': 4 });
  });

  it('that is switched off returns the result of the work', () => {
    expect(NO_PROFILE.span('step', () => NO_PROFILE.row('clip', () => 3))).toBe(3);
  });
});

it('a profiled backend separates loading and first steps from later steps, and shares states', async () => {
  const { clock, pass, seconds } = settableClock();
  clock.started();
  const shared: (Session | undefined)[] = [];
  const sessions: Session[] = [];
  const module = { url: 'file:///slow.js', export: 'Slow' };
  const slow: Backend = {
    ...{ id: 'slow', module },
    status: async () => ({ available: true, reason: '' }),
    async load(_program, _state, options) {
      pass(1);
      shared.push(options?.share);
      const session: Session = {
        async step() {
          pass(2);
          return {};
        },
        readState: async () => ({}),
        dispose: async () => {},
      };
      sessions.push(session);
      return session;
    },
  };
  const program: Program = { name: 'p', state: {}, inputs: {}, run: () => ({ outputs: {} }) };
  const backend = profiledBackend(slow, clock);
  const owner = await backend.load(program, {});
  await backend.load(program, {}, { share: owner });
  await owner.step({});
  await clock.span('step', () => owner.step({}));
  expect(shared).toEqual([undefined, sessions[0]]);
  expect(backend.module).toEqual(module);
  expect(seconds()).toMatchObject({ compiling: 2, 'first step, self-check': 2, step: 2 });
});
