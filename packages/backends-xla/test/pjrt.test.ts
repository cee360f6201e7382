import { fileURLToPath } from 'node:url';
import type { HostTensor } from '@medbench/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Client, PjrtError, Plugin, readApiHead } from '../src/pjrt/index.js';
import { cpuPlugin } from './cpu-plugin.js';

/** The head of a `PJRT_Api` with one function. */
function head(major: number, minor: number): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.writeBigUInt64LE(48n, 0);
  bytes.writeInt32LE(major, 32);
  bytes.writeInt32LE(minor, 36);
  return bytes;
}

const float = (shape: readonly number[], ...values: number[]): HostTensor => ({
  shape,
  dtype: 'float32',
  data: Float32Array.from(values),
});

/** x + y, in the memory of x. */
const SUM = `module @sum {
func.func public @main(%x: tensor<2x2xf32> {tf.aliasing_output = 0 : i32}, %y: tensor<2x2xf32>) -> tensor<2x2xf32> {
%0 = stablehlo.add %x, %y : tensor<2x2xf32>
return %0 : tensor<2x2xf32>
}
}
`;

describe('the head of a plugin', () => {
  it('has the version and the number of functions', () => {
    expect(readApiHead(head(0, 115), 'p.so')).toEqual({ major: 0, minor: 115, functionCount: 1 });
  });

  it('of another major version is refused, with its name', () => {
    expect(() => readApiHead(head(1, 2), '/x/plugin.so')).toThrow('/x/plugin.so speaks PJRT 1.2; medbench speaks 0.x');
  });
});

it.skipIf(process.platform === 'win32')('a file that is no library is refused in the words of the loader', () => {
  expect(() => Plugin.open(fileURLToPath(import.meta.url))).toThrow(/cannot be loaded: .*pjrt\.test\.ts/);
});

describe.skipIf(!cpuPlugin)('the CPU plugin', () => {
  let client: Client;
  beforeAll(async () => {
    client = await Client.create(Plugin.open(cpuPlugin!), { cpu_device_count: 1 });
  });

  it('says what it is', () => {
    expect(client.platform).toBe('cpu');
    expect(client.deviceCount).toBe(1);
    expect(client.plugin.attributes()).toHaveProperty('stablehlo_current_version');
  });

  it('computes in the memory of a donated argument', async () => {
    const executable = await client.compile(SUM);
    const x = await client.put(float([2, 2], 1, 2, 3, 4));
    const y = await client.put(float([2, 2], 10, 20, 30, 40));
    const { outputs, events } = await executable.start([[x.handle, y.handle]]);
    const sum = client.buffer(outputs[0]![0]!, x);
    const { tensor, event: read } = sum.startRead();
    await client.plugin.settle([...events, read]);
    expect(tensor).toEqual(float([2, 2], 11, 22, 33, 44));
    expect([x.isDeleted, y.isDeleted]).toEqual([true, false]);
    await expect(x.read()).rejects.toThrow(/deleted or donated/);
    for (const buffer of [x, y, sum]) buffer.destroy();
    executable.destroy();
  });

  it.each([
    ['int32', { shape: [3], dtype: 'int32', data: Int32Array.of(1, -2, 3) }],
    ['bool', { shape: [2, 2], dtype: 'bool', data: Uint8Array.of(1, 0, 0, 1) }],
    ['a scalar', float([], 7)],
    ['nothing', float([0, 3])],
    [
      'more than a megabyte',
      { shape: [512, 600], dtype: 'float32', data: Float32Array.from({ length: 512 * 600 }, (_, i) => i) },
    ],
  ] as const)('takes and gives back %s', async (_, tensor) => {
    const buffer = await client.put(tensor);
    expect(await buffer.read()).toEqual(tensor);
    buffer.destroy();
  });

  it('loads an executable that it wrote', async () => {
    const compiled = await client.compile(SUM.replace('add', 'multiply'));
    const executable = await client.load(await compiled.serialize());
    compiled.destroy();
    const x = await client.put(float([2, 2], 1, 2, 3, 4));
    const { outputs, events } = await executable
      .start([[x.handle, x.handle]])
      .catch(() => ({ outputs: [], events: [] }));
    await client.plugin.settle(events);
    // The same buffer cannot be donated and read at once.
    expect(outputs).toEqual([]);
    const y = await client.put(float([2, 2], 1, 2, 3, 4));
    const run = await executable.start([[x.handle, y.handle]]);
    await client.plugin.settle(run.events);
    const product = client.buffer(run.outputs[0]![0]!, x);
    expect(await product.read()).toEqual(float([2, 2], 1, 4, 9, 16));
    executable.destroy();
  });

  it('reports errors with a code, in the words of the plugin', async () => {
    await expect(client.compile(SUM.replace('stablehlo.add', 'stablehlo.ad'))).rejects.toThrow(
      /unknown|unregistered|stablehlo\.ad/,
    );
    const error = await Client.create(client.plugin, { no_such_option: 1 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PjrtError);
  });

  it('compiles while the event loop runs', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const lines = Array.from({ length: 200 }, (_, i) => `%${i + 1} = stablehlo.tanh %${i} : tensor<2x2xf32>`);
    const text = SUM.replace('return %0', `${lines.join('\n')}\nreturn %200`);
    const started = performance.now();
    const executable = await client.compile(text);
    clearInterval(timer);
    executable.destroy();
    // On a busy machine a timer is late, so a part of the ticks is enough.
    if (performance.now() - started > 50) expect(ticks).toBeGreaterThan(3);
  });
});
