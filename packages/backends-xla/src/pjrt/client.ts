import { copyBytes, copyText } from '@medbench/backend-kit';
import type { HostTensor, TensorSpec } from '@medbench/core';
import { DeviceBuffer, ELEMENT_TYPES } from './buffer.js';
import { type CompileOptions, compilation } from './compile-options.js';
import { Executable } from './executable.js';
import { type NamedValue, writeNamedValues } from './named-values.js';
import { PjrtError, type Plugin } from './plugin.js';
import type { Struct } from './struct.js';

/** `PJRT_HostBufferSemantics_kImmutableOnlyDuringCall`: the bytes are copied before the call returns. */
const ONLY_DURING_CALL = 0;
/** `PJRT_Buffer_Type_U8` */
const BYTES = 6;
/** Arrays up to this size are copied on this thread: a call on another thread takes some 50 µs. */
const SMALL_BYTES = 2 ** 16;

/** A connection to the devices of a plugin. It lives until the process ends. */
export class Client {
  readonly #handle: bigint;
  readonly #devices: BigUint64Array;
  /** Kind of the devices, such as `cpu` or `cuda`. */
  readonly platform: string;
  /** Version of the runtime below the plugin. */
  readonly platformVersion: string;

  private constructor(
    readonly plugin: Plugin,
    created: Struct<'Client_Create'>,
  ) {
    this.#handle = created.pointer('client');
    this.platform = this.#text('Client_PlatformName');
    this.platformVersion = this.#text('Client_PlatformVersion');
    const list = plugin.call('Client_AddressableDevices', { client: this.#handle });
    const bytes = copyBytes(list.pointer('devices'), 8 * Number(list.pointer('deviceCount')));
    this.#devices = new BigUint64Array(bytes.buffer as ArrayBuffer);
  }

  /**
   * Connects to the devices of a plugin.
   * @throws PjrtError in the plugin's words, for example if there is no device.
   */
  static async create(plugin: Plugin, options: Readonly<Record<string, NamedValue>> = {}): Promise<Client> {
    const { bytes, count, keep } = writeNamedValues(options);
    const created = await plugin.callAsync('Client_Create', { options: bytes, optionCount: count });
    created.keep(keep);
    return new Client(plugin, created);
  }

  #text(name: 'Client_PlatformName' | 'Client_PlatformVersion'): string {
    const found = this.plugin.call(name, { client: this.#handle });
    return copyText(found.pointer('text'), found.pointer('textSize'));
  }

  /** Number of devices of this process. */
  get deviceCount(): number {
    return this.#devices.length;
  }

  /** The plugin's numbers of the devices, in order. */
  get deviceIds(): readonly number[] {
    const { plugin } = this;
    return Array.from(this.#devices, (_, i) =>
      plugin.call('DeviceDescription_Id', { description: this.#description(i) }).integer('id'),
    );
  }

  /** Kind of the first device, such as `NVIDIA H100 80GB HBM3`. */
  get deviceKind(): string {
    const found = this.plugin.call('DeviceDescription_Kind', { description: this.#description(0) });
    return copyText(found.pointer('text'), found.pointer('textSize'));
  }

  /** Bytes that programs may take on the first device; infinite if the plugin sets no limit or does not tell. */
  get memoryLimit(): number {
    try {
      const stats = this.plugin.call('Device_MemoryStats', { device: this.#devices[0]! });
      return stats.flag('limitSet') ? Number(stats.pointer('limit')) : Number.POSITIVE_INFINITY;
    } catch (error) {
      if (error instanceof PjrtError && error.code === 'UNIMPLEMENTED') return Number.POSITIVE_INFINITY;
      throw error;
    }
  }

  #description(index: number): bigint {
    return this.plugin.call('Device_GetDescription', { device: this.#devices[index]! }).pointer('description');
  }

  /**
   * Compiles a program of StableHLO text, on another thread.
   * @throws PjrtError in the compiler's words.
   */
  async compile(text: string, options: CompileOptions = {}): Promise<Executable> {
    const done = await this.plugin.callAsync('Client_Compile', {
      client: this.#handle,
      ...compilation(text, options),
    });
    return new Executable(this.plugin, done.pointer('executable'));
  }

  /** Loads an executable that `Executable.serialize` wrote. @throws PjrtError if the plugin refuses it. */
  async load(bytes: Uint8Array): Promise<Executable> {
    const done = await this.plugin.callAsync('Executable_DeserializeAndLoad', {
      client: this.#handle,
      bytes,
      bytesSize: bytes.length,
    });
    return new Executable(this.plugin, done.pointer('loaded'));
  }

  /**
   * Copies a tensor to a device. The caller may write to its array when the promise is fulfilled. Of one with `levels`, the
   * bytes are copied: the buffer can be an argument of type ui8, but is not read back.
   * @param index position of the device; by default the first.
   * @throws PjrtError such as `RESOURCE_EXHAUSTED`.
   */
  async put({ data, shape, dtype, levels }: HostTensor, index = 0): Promise<DeviceBuffer> {
    const dims = BigInt64Array.from(shape.length > 0 ? shape : [0], BigInt);
    const values = {
      client: this.#handle,
      // A pointer to no bytes would be null.
      data: data.byteLength > 0 ? data : new Uint8Array(8),
      type: levels ? BYTES : ELEMENT_TYPES[dtype],
      dims,
      dimCount: shape.length,
      semantics: ONLY_DURING_CALL,
      device: this.#devices[index]!,
    };
    const { plugin } = this;
    const done =
      data.byteLength <= SMALL_BYTES
        ? plugin.call('Client_BufferFromHostBuffer', values)
        : await plugin.callAsync('Client_BufferFromHostBuffer', values);
    const event = done.pointer('doneWithHostBuffer');
    if (event !== 0n) plugin.call('Event_Destroy', { event });
    return this.buffer(done.pointer('buffer'), { shape, dtype });
  }

  /** Wraps the handle of a buffer, for example of an output. */
  buffer(handle: bigint, spec: TensorSpec): DeviceBuffer {
    return new DeviceBuffer(this.plugin, handle, spec);
  }
}
