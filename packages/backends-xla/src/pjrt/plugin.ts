import {
  callAsync,
  copyBytes,
  copyText,
  functionAt,
  type NativeFunction,
  type NativeValue,
  openLibrary,
} from '@medbench/backend-kit';
import { MedbenchError } from '@medbench/core';
import { FUNCTIONS, HEAD_BYTES, type StructName } from './layouts.js';
import { type NamedValue, readNamedValues } from './named-values.js';
import { type FieldValues, Struct } from './struct.js';

/** Codes of `PJRT_Error_Code`, by number. */
const CODES: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** An error that a plugin reported, in its own words. */
export class PjrtError extends Error {
  /** Name of the code, such as `RESOURCE_EXHAUSTED`. */
  readonly code: string;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'PjrtError';
    this.code = CODES[code] ?? String(code);
  }
}

/** The way out if a plugin cannot be loaded. */
const REMEDY = 'It may be cut short, or built for another system. See medbench engines list.';

/** The major version of the PJRT C API whose layouts this package knows. */
const MAJOR = 0;

/** Version of the PJRT C API, and number of functions, of a plugin. */
export interface ApiHead {
  readonly major: number;
  readonly minor: number;
  readonly functionCount: number;
}

/**
 * Reads the head of a plugin's `PJRT_Api`.
 * @throws MedbenchError('backend') if the plugin speaks another major version.
 */
export function readApiHead(head: Uint8Array, path: string): ApiHead {
  const bytes = Buffer.from(head);
  const [major, minor] = [bytes.readInt32LE(32), bytes.readInt32LE(36)];
  if (major !== MAJOR)
    throw new MedbenchError('backend', `${path} speaks PJRT ${major}.${minor}; medbench speaks ${MAJOR}.x`, {
      hint: 'Use a plugin of that version, such as the one of medbench engines add, or update medbench.',
    });
  return { major, minor, functionCount: (Number(bytes.readBigUInt64LE(0)) - HEAD_BYTES) / 8 };
}

/** Plugins of this process by path. They stay loaded until it ends. */
const PLUGINS = new Map<string, Plugin>();

/** A PJRT plugin: a library that compiles programs and runs them on devices of one kind. */
export class Plugin {
  readonly api: ApiHead;
  readonly #functions = new Map<string, NativeFunction>();
  readonly #table: BigUint64Array;

  private constructor(readonly path: string) {
    const address = openLibrary(path, REMEDY).callPointer('GetPjrtApi');
    this.api = readApiHead(copyBytes(address, HEAD_BYTES), path);
    const table = copyBytes(address + BigInt(HEAD_BYTES), 8 * this.api.functionCount);
    this.#table = new BigUint64Array(table.buffer as ArrayBuffer);
    this.call('Plugin_Initialize');
  }

  /**
   * Loads a plugin, once in a process.
   * @throws MedbenchError('backend') if the library cannot be loaded or speaks another major version.
   * @throws PjrtError if the plugin does not start.
   */
  static open(path: string): Plugin {
    const known = PLUGINS.get(path);
    if (known) return known;
    // The exceptions say what is wrong. XLA would write it, and more, to standard error too.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
    const plugin = new Plugin(path);
    PLUGINS.set(path, plugin);
    return plugin;
  }

  /** Calls a function on this thread. @returns its arguments, with the results in them. @throws PjrtError */
  call<Name extends StructName>(name: Name, values?: FieldValues<Name>): Struct<Name> {
    const args = new Struct(name, values);
    this.#check(this.#function(name)(args.bytes));
    return args;
  }

  /** Calls a function on another thread, so that the event loop continues. @throws PjrtError */
  async callAsync<Name extends StructName>(name: Name, values?: FieldValues<Name>): Promise<Struct<Name>> {
    const args = new Struct(name, values);
    this.#check(await callAsync(this.#function(name), [args.bytes], args));
    return args;
  }

  /**
   * Waits until events have happened, and frees them.
   * @throws the first error that an event reports, after all have happened.
   */
  async settle(events: readonly bigint[]): Promise<void> {
    const outcomes = await Promise.allSettled(events.filter((event) => event !== 0n).map((one) => this.#settle(one)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #settle(event: bigint): Promise<void> {
    try {
      // What has happened already needs no other thread.
      if (this.call('Event_IsReady', { event }).flag('isReady')) this.call('Event_Error', { event });
      else await this.callAsync('Event_Await', { event });
    } finally {
      this.call('Event_Destroy', { event });
    }
  }

  /** The attributes of the plugin, such as `stablehlo_current_version`. */
  attributes(): Record<string, NamedValue> {
    const found = this.call('Plugin_Attributes');
    return readNamedValues(found.pointer('attributes'), Number(found.pointer('count')));
  }

  #function(name: string): NativeFunction {
    const known = this.#functions.get(name);
    if (known) return known;
    const address = this.#table[FUNCTIONS.indexOf(name)];
    if (!address)
      throw new MedbenchError('backend', `${this.path} (PJRT 0.${this.api.minor}) has no function ${name}`, {
        hint: 'The plugin is too old. medbench engines add fetches one that works.',
      });
    const found = functionAt(address, 'void *', ['void *']);
    this.#functions.set(name, found);
    return found;
  }

  /** Throws a `PJRT_Error` as an exception, and frees it. */
  #check(result: NativeValue): void {
    if (!result) return;
    const error = result as bigint;
    const message = new Struct('Error_Message', { error });
    this.#function('Error_Message')(message.bytes);
    const text = copyText(message.pointer('message'), message.pointer('messageSize'));
    const code = new Struct('Error_GetCode', { error });
    this.#function('Error_GetCode')(code.bytes);
    this.#function('Error_Destroy')(new Struct('Error_Destroy', { error }).bytes);
    throw new PjrtError(code.integer('code'), text);
  }
}
