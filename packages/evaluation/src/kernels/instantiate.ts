/** The part of the WebAssembly API that is used here. Node's types name it but do not describe it. */
const { WebAssembly: wasm } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => { readonly exports: object };
  };
};

const PAGE = 2 ** 16;
const modules = new Map<string, object>();

/** A kernel's exports that give access to its memory. The caller decides the layout of the memory. */
export interface KernelMemory {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

/** Rounds a value up to a multiple of a number. */
export const roundUp = (multiple: number, value: number): number => Math.ceil(value / multiple) * multiple;

/**
 * Grows a kernel's memory by at least `bytes`. Existing views of the memory become invalid.
 * @returns the byte offset at which the new memory begins.
 */
export function growMemory({ memory }: KernelMemory, bytes: number): number {
  const offset = memory.buffer.byteLength;
  memory.grow(Math.max(0, Math.ceil(bytes / PAGE)));
  return offset;
}

/**
 * Creates a kernel with its own memory of at least `bytes`.
 * @param base64 the kernel's WebAssembly. It is compiled once and shared by all its instances.
 */
export function instantiate<Kernel extends KernelMemory>(base64: string, bytes: number): Kernel {
  const compiled = modules.get(base64) ?? new wasm.Module(Buffer.from(base64, 'base64'));
  modules.set(base64, compiled);
  const kernel = new wasm.Instance(compiled).exports as Kernel;
  growMemory(kernel, bytes - kernel.memory.buffer.byteLength);
  return kernel;
}
