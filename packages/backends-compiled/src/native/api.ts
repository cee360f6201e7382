import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  callAsync,
  copyBytes,
  functionAt,
  type NativeArgument,
  type NativeFunction,
  type NativeValue,
  openLibrary,
} from '@medbench/backend-kit';
import { errorMessage, MedbenchError } from '@medbench/core';
import { findRuntime, remedy } from '../runtime.js';

/** `OrtStatus *`: null, or an error to be released. */
const STATUS = 'void *';

/**
 * Functions of ONNX Runtime's C API: the position in the table `OrtApi`, the type of the result, the types of the
 * arguments. The table is only ever appended to, which ONNX Runtime asserts at its compilation (`onnxruntime_c_api.cc`:
 * the last of version 1 is number 101). All of these are of version 1.
 */
const FUNCTIONS = {
  CreateStatus: [0, 'void *', ['int', 'const char *']],
  GetErrorCode: [1, 'int', ['void *']],
  GetErrorMessage: [2, 'const char *', ['void *']],
  CreateEnv: [3, STATUS, ['int', 'const char *', 'void *']],
  CreateSessionFromArray: [8, STATUS, ['void *', 'void *', 'size_t', 'void *', 'void *']],
  Run: [9, STATUS, ['void *', 'void *', 'void *', 'void *', 'size_t', 'void *', 'size_t', 'void *']],
  CreateSessionOptions: [10, STATUS, ['void *']],
  SetOptimizedModelFilePath: [11, STATUS, ['void *', 'void *']],
  DisableMemPattern: [17, STATUS, ['void *']],
  SetSessionLogSeverityLevel: [22, STATUS, ['void *', 'int']],
  SetSessionGraphOptimizationLevel: [23, STATUS, ['void *', 'int']],
  SetIntraOpNumThreads: [24, STATUS, ['void *', 'int']],
  SetInterOpNumThreads: [25, STATUS, ['void *', 'int']],
  CreateTensorWithDataAsOrtValue: [49, STATUS, ['void *', 'void *', 'size_t', 'void *', 'size_t', 'int', 'void *']],
  CreateCpuMemoryInfo: [69, STATUS, ['int', 'int', 'void *']],
  ReleaseStatus: [93, 'void', ['void *']],
  ReleaseSession: [95, 'void', ['void *']],
  ReleaseValue: [96, 'void', ['void *']],
  ReleaseSessionOptions: [100, 'void', ['void *']],
} as const satisfies Record<string, readonly [number, string, readonly string[]]>;
type FunctionName = keyof typeof FUNCTIONS;
/** Functions that return a status and write what they create to their last argument. */
type CreateName = Extract<FunctionName, `Create${string}`>;

const TABLE_LENGTH = 102;
/** The version of the API that is asked for. Its table begins with the functions above, as every later one does. */
const API_VERSION = 16;

/** `ORT_LOGGING_LEVEL_WARNING`, as onnxruntime-node has it. */
const WARNING = 2;
/** `OrtDeviceAllocator`, `OrtMemTypeDefault` */
const [DEVICE_ALLOCATOR, DEFAULT_MEMORY] = [0, 0];

/** An error that ONNX Runtime reported, in its own words. */
export class OrtError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'OrtError';
  }
}

/** Path of ONNX Runtime's library, which onnxruntime-node loads too; undefined if it is not where that has it. */
export function libraryFile(entry = findRuntime()): string | undefined {
  if (entry === undefined) return undefined;
  const { platform, arch } = process;
  const name =
    platform === 'win32' ? 'onnxruntime.dll' : platform === 'darwin' ? 'libonnxruntime.1.dylib' : 'libonnxruntime.so.1';
  const path = join(dirname(entry), '..', 'bin', 'napi-v6', platform, arch, name);
  return existsSync(path) ? path : undefined;
}

/** A path as the library takes it: `wchar_t` on Windows. */
const pathText = (path: string): Buffer => Buffer.from(`${path}\0`, process.platform === 'win32' ? 'utf16le' : 'utf8');

/** ONNX Runtime by its C API. It stays loaded until the process ends. */
export class NativeRuntime {
  readonly #functions = new Map<FunctionName, NativeFunction>();
  readonly #table: BigUint64Array;
  /** Version of the library, such as `1.30.0`. */
  readonly version: string;
  /** `OrtEnv *`, the one of this process, and `OrtMemoryInfo *` of the CPU. They are never released. */
  readonly env: bigint;
  readonly cpu: bigint;

  private constructor(path: string) {
    const base = openLibrary(path, remedy()).callPointer('OrtGetApiBase');
    const [getApi, getVersion] = new BigUint64Array(copyBytes(base, 16).buffer as ArrayBuffer);
    this.version = String(functionAt(getVersion!, 'const char *', [])());
    const minor = Number(/^1\.(\d+)\./.exec(this.version)?.[1] ?? 0);
    const table = minor < API_VERSION ? 0n : functionAt(getApi!, 'void *', ['uint32_t'])(API_VERSION);
    if (!table)
      throw new MedbenchError('backend', `The C API of ONNX Runtime ${this.version} is unknown to medbench`, {
        hint: `Install onnxruntime-node 1.${API_VERSION} or a later 1.x.`,
      });
    this.#table = new BigUint64Array(copyBytes(table as bigint, 8 * TABLE_LENGTH).buffer as ArrayBuffer);
    this.#checkTable();
    this.env = this.create('CreateEnv', WARNING, 'medbench');
    this.cpu = this.create('CreateCpuMemoryInfo', DEVICE_ALLOCATOR, DEFAULT_MEMORY);
  }

  /**
   * Loads the library of onnxruntime-node.
   * @throws MedbenchError('backend') if koffi or the library is missing, or if the version is unknown.
   * @throws OrtError if the library does not start.
   */
  static open(path: string | undefined): NativeRuntime {
    if (path === undefined)
      throw new MedbenchError('backend', "ONNX Runtime's library is not beside its binding", { hint: remedy() });
    return new NativeRuntime(path);
  }

  /** Calls a function that cannot fail. */
  call(name: FunctionName, ...args: readonly NativeArgument[]): NativeValue {
    return this.#function(name)(...args);
  }

  /** Calls a function that returns a status. @throws OrtError */
  try(name: FunctionName, ...args: readonly NativeArgument[]): void {
    this.#check(this.#function(name)(...args));
  }

  /** `try` on another thread. @param keep what the arguments point to, other than arrays among them. */
  async tryAsync(name: FunctionName, args: readonly NativeArgument[], keep: object): Promise<void> {
    this.#check(await callAsync(this.#function(name), args, keep));
  }

  /** Calls a function that creates an object. @returns its address. @throws OrtError */
  create(name: CreateName, ...args: readonly NativeArgument[]): bigint {
    const created = new BigUint64Array(1);
    this.try(name, ...args, created);
    return created[0]!;
  }

  /** `create` on another thread. @param keep what the arguments point to, other than arrays among them. */
  async createAsync(name: CreateName, args: readonly NativeArgument[], keep: object): Promise<bigint> {
    const created = new BigUint64Array(1);
    await this.tryAsync(name, [...args, created], keep);
    return created[0]!;
  }

  /** Sets the file to which a session writes its optimized graph. */
  setOptimizedModelFile(options: bigint, path: string): void {
    this.try('SetOptimizedModelFilePath', options, pathText(path));
  }

  /** Makes an error and reads it back: where the table is as expected, code and text return. */
  #checkTable(): void {
    const [code, text] = [3, 'medbench'];
    const status = this.call('CreateStatus', code, text);
    const found = [this.call('GetErrorCode', status), this.call('GetErrorMessage', status)];
    this.call('ReleaseStatus', status);
    if (found[0] !== code || found[1] !== text)
      throw new MedbenchError('backend', `The C API of ONNX Runtime ${this.version} is not as expected`);
  }

  #function(name: FunctionName): NativeFunction {
    const known = this.#functions.get(name);
    if (known) return known;
    const [index, result, args] = FUNCTIONS[name];
    const found = functionAt(this.#table[index]!, result, args);
    this.#functions.set(name, found);
    return found;
  }

  /** Throws an `OrtStatus` as an exception, and releases it. */
  #check(status: NativeValue): void {
    if (!status) return;
    const message = String(this.call('GetErrorMessage', status));
    this.call('ReleaseStatus', status);
    throw new OrtError(message);
  }
}

let opened: { readonly runtime: NativeRuntime } | { readonly reason: string } | undefined;

/** ONNX Runtime by its C API, or the reason why it cannot be called so. Tried once in a process. */
export function nativeRuntime(): { readonly runtime: NativeRuntime } | { readonly reason: string } {
  if (opened) return opened;
  try {
    opened = { runtime: NativeRuntime.open(libraryFile()) };
  } catch (error) {
    opened = { reason: errorMessage(error).split('\n')[0]! };
  }
  return opened;
}
