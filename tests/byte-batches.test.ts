import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import { XlaCpu } from '@medbench/backends-xla';
import type { Backend } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { selected } from './support/full.js';
import { createRow, ROWS, sameBytes, trainOn } from './support/methods.js';

const xla = new XlaCpu();
const { available, reason, remedy } = await xla.status();
if (!available) console.warn(`Not tested on xla-cpu: ${reason}. To test it: ${remedy}`);

describe('a training step on images as bytes', () => {
  const [, Row, given] = ROWS.find(([name]) => name === 'clip')!;
  const cases = [
    ['wasm', {}, new Wasm(), {}],
    ['wasm, in chunks', { chunkSize: 4 }, new Wasm(), {}],
    ['compiled', {}, new Compiled(), {}],
    ['xla-cpu', {}, xla, {}],
    ['xla-cpu, on two devices', {}, xla, { devices: 2 }],
  ] as const;
  const fast = cases.map(([name]) => name).filter((name) => !name.includes('two devices'));
  it.each(selected('the bits of a step on floats', cases, fast))(
    'gives the bits of a step on floats: %s',
    async (_, training, backend: Backend, options) => {
      if (backend === xla && !available) return;
      const floats = createRow(Row, given, training);
      const bytes = createRow(Row, given, training, undefined, { bytes: true });
      expect((await bytes.load(0)).images!.data).toBeInstanceOf(Uint8Array);
      const expected = await trainOn(backend, floats, 2, { ...options, selfCheck: false });
      // The self-check compares with the eager backend, which takes the bytes too.
      const found = await trainOn(backend, bytes, 2, options);
      expect(found.losses).toEqual(expected.losses);
      for (const [name, { data }] of Object.entries(expected.state))
        expect(sameBytes(found.state[name]!.data, data), name).toBe(true);
    },
  );
});
