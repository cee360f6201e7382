import { ARRAY_TYPES } from '@medbench/backend-kit';
import { elementCount, type HostTensor, type TensorSpec } from '@medbench/core';
import type { Plugin } from './plugin.js';

/** `PJRT_Buffer_Type` by element type. */
export const ELEMENT_TYPES: Readonly<Record<TensorSpec['dtype'], number>> = { bool: 1, int32: 4, float32: 11 };

/** Arrays from this size on are copied on another thread. */
const LARGE_BYTES = 2 ** 20;

/** A tensor in the memory of a device. */
export class DeviceBuffer {
  readonly shape: readonly number[];
  readonly dtype: TensorSpec['dtype'];
  #destroyed = false;

  constructor(
    private readonly plugin: Plugin,
    readonly handle: bigint,
    { shape, dtype }: TensorSpec,
  ) {
    this.shape = shape;
    this.dtype = dtype;
  }

  /**
   * Starts a copy to host memory. The copy waits for the program that computes the buffer.
   * @returns the tensor, whose values are valid after the event (`Plugin.settle`).
   */
  startRead(): { readonly tensor: HostTensor; readonly event: bigint } {
    const tensor = this.#hostTensor();
    const done = this.plugin.call('Buffer_ToHostBuffer', this.#readArguments(tensor));
    return { tensor, event: done.pointer('event') };
  }

  /** Copies the buffer to host memory. @throws PjrtError if the buffer was donated, or its computation failed. */
  async read(): Promise<HostTensor> {
    const tensor = this.#hostTensor();
    if (tensor.data.byteLength < LARGE_BYTES) {
      const { tensor: read, event } = this.startRead();
      await this.plugin.settle([event]);
      return read;
    }
    const done = await this.plugin.callAsync('Buffer_ToHostBuffer', this.#readArguments(tensor));
    await this.plugin.settle([done.pointer('event')]);
    return tensor;
  }

  #hostTensor(): HostTensor {
    const { shape, dtype } = this;
    return { shape, dtype, data: new ARRAY_TYPES[dtype](elementCount(shape)) };
  }

  #readArguments({ data }: HostTensor) {
    // A pointer to no bytes would be null, which asks for the size.
    const target = data.byteLength > 0 ? data : new Uint8Array(8);
    return { source: this.handle, target, targetSize: data.byteLength };
  }

  /** Whether the memory was given to a program (donated) or freed. */
  get isDeleted(): boolean {
    return this.#destroyed || this.plugin.call('Buffer_IsDeleted', { buffer: this.handle }).flag('isDeleted');
  }

  /** Frees the buffer. A donated buffer must be destroyed too. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.plugin.call('Buffer_Destroy', { buffer: this.handle });
  }
}
