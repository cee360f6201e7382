import { createRequire } from 'node:module';
import { errorMessage, MedbenchError } from '@medbench/core';

type Koffi = typeof import('koffi');

/** A function `void *f(void *arguments)`, the one form of all functions of the PJRT C API. */
export interface NativeFunction {
  /** Calls the function on this thread. @returns the pointer that it returns, 0 or null for none. */
  (args: bigint): bigint | null;
  /** Calls the function on another thread. */
  async(args: bigint, done: (failure: unknown, result: bigint | null) => void): void;
}

/** A library in this process. */
export interface NativeLibrary {
  /** Calls a function without arguments that returns a pointer. */
  callPointer(symbol: string): bigint;
}

/** Stacks of the calls. koffi's 128 KiB for calls on other threads overflow when LLVM compiles for a GPU. */
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
    throw new MedbenchError('backend', `koffi, which calls PJRT plugins, cannot be loaded: ${line}`, {
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
      throw new MedbenchError('backend', `koffi's stacks are too small for XLA: ${errorMessage(cause)}`, {
        hint: 'Another package of this process has loaded a library by koffi before. Load the backend first.',
        cause,
      });
  }
  loaded = found;
  return found;
}

/** The address of an array's bytes. The caller keeps the array alive while the address is in use. */
export const addressOf = (array: ArrayBufferView): bigint => koffi().address(array);

/** Copies bytes at an address. */
export const copyBytes = (address: bigint, length: number): Uint8Array =>
  length === 0 ? new Uint8Array(0) : new Uint8Array(koffi().view(address, length).slice(0));

/** Copies a text at an address. */
export const copyText = (address: bigint, length: bigint): string =>
  Buffer.from(copyBytes(address, Number(length))).toString();

let pointerFunction: ReturnType<Koffi['proto']> | undefined;
/** The function at an address. */
export function functionAt(address: bigint): NativeFunction {
  pointerFunction ??= koffi().proto('void *MedbenchPjrtFunction(void *args)');
  return koffi().decode(address, pointerFunction) as NativeFunction;
}

let freeFunction: ReturnType<Koffi['proto']> | undefined;
/** Calls the function `void f(void *)` at an address. */
export function callFree(address: bigint, argument: bigint): void {
  freeFunction ??= koffi().proto('void MedbenchFree(void *value)');
  (koffi().decode(address, freeFunction) as (value: bigint) => void)(argument);
}

/**
 * Loads a library for good. koffi would unmap it when Node ends, while threads of XLA run its code: the process
 * would end with a segmentation fault.
 * @throws MedbenchError('backend') with the loader's message.
 */
export function openLibrary(path: string): NativeLibrary {
  const ffi = koffi();
  if (process.platform !== 'win32') {
    const process_ = ffi.load(null);
    const dlopen = process_.func('void *dlopen(const char *path, int flags)') as (
      path: string,
      flags: number,
    ) => bigint | null;
    if (!dlopen(path, RTLD_NOW | RTLD_NODELETE)) {
      const message = (process_.func('const char *dlerror()') as () => string | null)();
      throw new MedbenchError('backend', `The library cannot be loaded: ${message ?? path}`, {
        hint: 'It may be cut short, or built for another system. See medbench engines list.',
      });
    }
  }
  try {
    const library = ffi.load(path);
    return { callPointer: (symbol) => (library.func(`void *${symbol}()`) as () => bigint)() };
  } catch (cause) {
    throw new MedbenchError('backend', `The library cannot be loaded: ${errorMessage(cause)}`, { cause });
  }
}
