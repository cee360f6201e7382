import { createRequire } from 'node:module';
import { errorMessage, MedbenchError } from '@medbench/core';

type Koffi = typeof import('koffi');

/** A value that a native function takes or returns: an address or a number, a text, or nothing. */
export type NativeValue = bigint | number | string | null | undefined;

/** An argument of a native function: a value, or an array whose address is meant. */
export type NativeArgument = NativeValue | ArrayBufferView;

/** A function of a library. */
export interface NativeFunction {
  /**
   * Calls the function on this thread. An address that is null is returned as 0 or null. An array that is an argument lives
   * until the function returns. That is not so for one of which only the address is: optimised code drops an array
   * after its last use.
   */
  (...args: readonly NativeArgument[]): NativeValue;
  /** Calls the function on another thread. */
  async(...args: [...NativeValue[], (failure: unknown, result: NativeValue) => void]): void;
}

/** A library in this process. */
export interface NativeLibrary {
  /** Calls a function without arguments that returns a pointer. */
  callPointer(symbol: string): bigint;
}

/**
 * Stacks of the calls. koffi's 128 KiB for calls on other threads overflow when LLVM compiles for a GPU. They are the same
 * for all users of this file, because koffi takes them once in a process.
 */
const STACKS = { sync_stack_size: 8 * 2 ** 20, async_stack_size: 16 * 2 ** 20, resident_async_pools: 2 } as const;

/** Flags of `dlopen`: all symbols at once, and never unmap the library. */
const RTLD_NOW = 2;
const RTLD_NODELETE = process.platform === 'darwin' ? 0x80 : 0x1000;

let loaded: Koffi | undefined;

/** Loads koffi when it is first needed. */
function koffi(): Koffi {
  if (loaded) return loaded;
  let found: Koffi;
  try {
    found = createRequire(import.meta.url)('koffi') as Koffi;
  } catch (cause) {
    const [line] = errorMessage(cause).split('\n');
    throw new MedbenchError('backend', `koffi, which calls native libraries, cannot be loaded: ${line}`, {
      hint: 'npm install koffi, or use another backend.',
      cause,
    });
  }
  try {
    found.config(STACKS);
  } catch (cause) {
    // koffi refuses once a library is loaded. Another user of koffi may have given it large stacks too.
    const { sync_stack_size = 0, async_stack_size = 0 } = found.config();
    if (sync_stack_size < STACKS.sync_stack_size || async_stack_size < STACKS.async_stack_size)
      throw new MedbenchError('backend', `koffi's stacks are too small: ${errorMessage(cause)}`, {
        hint: 'Another package of this process has loaded a library by koffi before. Load the backend first.',
        cause,
      });
  }
  loaded = found;
  return found;
}

/**
 * The address of an array's bytes. The caller keeps the array alive while the address is in use: by a reference that is
 * read later, not by a variable alone.
 */
export const addressOf = (array: ArrayBufferView): bigint => koffi().address(array);

/** Copies bytes at an address. */
export const copyBytes = (address: bigint, length: number): Uint8Array =>
  length === 0 ? new Uint8Array(0) : new Uint8Array(koffi().view(address, length).slice(0));

/** Copies a text at an address. */
export const copyText = (address: bigint, length: bigint): string =>
  Buffer.from(copyBytes(address, Number(length))).toString();

/** Types of functions, by their signature. */
const SIGNATURES = new Map<string, ReturnType<Koffi['proto']>>();

/**
 * The function at an address.
 * @param result its type in C, such as `void *`. @param args the types of its arguments.
 */
export function functionAt(address: bigint, result: string, args: readonly string[]): NativeFunction {
  const signature = `${result}(${args.join()})`;
  const type = SIGNATURES.get(signature) ?? koffi().proto(result, [...args]);
  SIGNATURES.set(signature, type);
  return koffi().decode(address, type) as NativeFunction;
}

/** The memory that calls on other threads use at present. */
const IN_USE = new Set<object>();

/**
 * Calls a function on another thread, so that the event loop continues.
 * @param args arrays among them are kept alive until the function returns.
 * @param keep what else the arguments point to. It is kept alive too.
 */
export const callAsync = (
  native: NativeFunction,
  args: readonly NativeArgument[],
  keep: object,
): Promise<NativeValue> =>
  new Promise((resolve, reject) => {
    const use = { args, keep };
    IN_USE.add(use);
    const values = args.map((argument) => (ArrayBuffer.isView(argument) ? addressOf(argument) : argument));
    native.async(...values, (failure, result) => {
      IN_USE.delete(use);
      if (failure) reject(failure);
      else resolve(result);
    });
  });

/**
 * Loads a library for good. koffi would unmap it when Node ends, while the library's threads run its code: the process
 * would end with a segmentation fault.
 * @param hint what to do if the library cannot be loaded.
 * @throws MedbenchError('backend') with the loader's message.
 */
export function openLibrary(path: string, hint: string): NativeLibrary {
  const ffi = koffi();
  if (process.platform !== 'win32') {
    const process_ = ffi.load(null);
    const dlopen = process_.func('void *dlopen(const char *path, int flags)') as (
      path: string,
      flags: number,
    ) => bigint | null;
    if (!dlopen(path, RTLD_NOW | RTLD_NODELETE)) {
      const message = (process_.func('const char *dlerror()') as () => string | null)();
      throw new MedbenchError('backend', `The library cannot be loaded: ${message ?? path}`, { hint });
    }
  }
  try {
    const library = ffi.load(path);
    return { callPointer: (symbol) => (library.func(`void *${symbol}()`) as () => bigint)() };
  } catch (cause) {
    throw new MedbenchError('backend', `The library cannot be loaded: ${errorMessage(cause)}`, { hint, cause });
  }
}
