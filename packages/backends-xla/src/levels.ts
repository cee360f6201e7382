import { elementCount, type HostTensor } from '@medbench/core';
import { compileOptionsFor, type Devices } from './compile.js';
import { meshText, shardingText } from './hlo/sharding.js';
import type { Client, Executable } from './pjrt/index.js';
import { PlacedTensor, placeTensor } from './placement.js';

/** The programs of a client that look bytes up, by shape and devices. They are as few as a run has inputs of bytes. */
const LOOK_UPS = new WeakMap<Client, Map<string, Promise<Executable>>>();

/**
 * Copies an input to devices. Of one that holds bytes with `levels`, the bytes are copied, and the devices look the floats
 * up: a quarter of the transfer, and the same floats. If that fails, nothing stays there.
 * @param divided whether each device gets its share of the rows, in order, in place of the whole tensor.
 * @throws PjrtError such as `RESOURCE_EXHAUSTED`.
 */
export async function placeInput(devices: Devices, tensor: HostTensor, divided: boolean): Promise<PlacedTensor> {
  const { client, count } = devices;
  const { shape, levels } = tensor;
  if (!levels) return placeTensor(client, tensor, count, divided);
  const executable = await lookUp(devices, shape, divided);
  const sent: PlacedTensor[] = [];
  try {
    sent.push(await placeTensor(client, tensor, count, divided));
    sent.push(await placeTensor(client, { shape: [levels.length], dtype: 'float32', data: levels }, count));
    const handles = Array.from({ length: count }, (_, i) => sent.map(({ parts }) => parts[i]!.handle));
    const { outputs, events } = await executable.start(handles);
    const part = divided ? [shape[0]! / count, ...shape.slice(1)] : shape;
    const parts = outputs.map(([output]) => client.buffer(output!, { shape: part, dtype: 'float32' }));
    const values = new PlacedTensor(shape, parts);
    try {
      await client.plugin.settle(events);
    } catch (error) {
      values.destroy();
      throw error;
    }
    return values;
  } finally {
    for (const bytes of sent) bytes.destroy();
  }
}

function lookUp(devices: Devices, shape: readonly number[], divided: boolean): Promise<Executable> {
  const { client, count } = devices;
  const known = LOOK_UPS.get(client) ?? new Map<string, Promise<Executable>>();
  LOOK_UPS.set(client, known);
  const key = JSON.stringify([shape, count, divided]);
  const compiled = known.get(key) ?? client.compile(lookUpText(shape, count, divided), compileOptionsFor(devices));
  known.set(key, compiled);
  // A failure may pass, for example when another process frees the device.
  compiled.catch(() => known.delete(key));
  return compiled;
}

/** A program of the bytes and the levels, `[256 * channels]`, that returns the values of `HostTensor.levels`. */
export function lookUpText(shape: readonly number[], devices = 1, divided = false): string {
  const channels = shape.at(-1) ?? 1;
  const type = (element: string, sides = shape): string => `tensor<${[...sides, element].join('x')}>`;
  const placed = (sides: readonly number[], isDivided: boolean): string => {
    const sharding = shardingText({ shape: sides, dtype: 'float32' }, devices, isDivided);
    return sharding && ` {${sharding}}`;
  };
  const firsts = Array.from({ length: elementCount(shape.slice(-1)) }, (_, c) => 256 * c);
  const lastAxis = shape.length > 0 ? String(shape.length - 1) : '';
  const levels = type('f32', [256 * channels]);
  return `module @levels {
  ${meshText(devices)}func.func public @main(%bytes: ${type('ui8')}${placed(shape, divided)}, %levels: ${levels}${placed([256 * channels], false)}) -> (${type('f32')}${placed(shape, divided)}) {
    %places = stablehlo.convert %bytes : (${type('ui8')}) -> ${type('i32')}
    %firsts = stablehlo.constant dense<${shape.length > 0 ? `[${firsts.join(', ')}]` : '0'}> : ${type('i32', shape.slice(-1))}
    %spread = stablehlo.broadcast_in_dim %firsts, dims = [${lastAxis}] : (${type('i32', shape.slice(-1))}) -> ${type('i32')}
    %ids = stablehlo.add %places, %spread : ${type('i32')}
    %values = "stablehlo.gather"(%levels, %ids) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = ${shape.length}>, slice_sizes = array<i64: 1>, indices_are_sorted = false}> : (${levels}, ${type('i32')}) -> ${type('f32')}
    return %values : ${type('f32')}
  }
}
`;
}
