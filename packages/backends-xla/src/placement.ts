import type { HostTensor } from '@medbench/core';
import type { Client, DeviceBuffer } from './pjrt/index.js';

/** The rows of a tensor that belong to one of several devices, without copying them. */
function rowsOf(tensor: HostTensor, index: number, devices: number): HostTensor {
  const { data, shape } = tensor;
  const size = data.length / devices;
  return {
    ...tensor,
    shape: [shape[0]! / devices, ...shape.slice(1)],
    data: data.subarray(index * size, (index + 1) * size),
  };
}

/** A tensor in the memory of one or several devices: whole on each, or its rows divided among them. */
export class PlacedTensor {
  constructor(
    /** Shape of the whole tensor. */
    readonly shape: readonly number[],
    /** The buffer of each device. */
    readonly parts: readonly DeviceBuffer[],
  ) {}

  /** Copies a tensor that is whole on each device to host memory, from the first. @throws PjrtError */
  read(): Promise<HostTensor> {
    return this.parts[0]!.read();
  }

  destroy(): void {
    for (const part of this.parts) part.destroy();
  }
}

/**
 * Copies a tensor to the first `devices` devices of a client. If that fails, nothing stays there.
 * @param divided whether each gets its share of the rows, in order, in place of the whole tensor.
 * @throws PjrtError such as `RESOURCE_EXHAUSTED`.
 */
export async function placeTensor(
  client: Client,
  tensor: HostTensor,
  devices: number,
  divided = false,
): Promise<PlacedTensor> {
  const parts: DeviceBuffer[] = [];
  try {
    for (let i = 0; i < devices; i++) parts.push(await client.put(divided ? rowsOf(tensor, i, devices) : tensor, i));
  } catch (error) {
    for (const part of parts) part.destroy();
    throw error;
  }
  return new PlacedTensor(tensor.shape, parts);
}
