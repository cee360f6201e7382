/** What is used of WebAssembly, which Node's types name but do not describe. */
const { WebAssembly: wasm } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => { readonly exports: object };
  };
};

const PAGE = 2 ** 16;
const modules = new Map<string, object>();

/** Memory of a kernel, which its caller lays out. */
export interface KernelMemory {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

/** The next multiple of a number. */
export const roundUp = (multiple: number, value: number): number => Math.ceil(value / multiple) * multiple;

/** Adds room for so many bytes at the end of a kernel's memory, whose views are void then. @returns where it begins. */
export function growMemory({ memory }: KernelMemory, bytes: number): number {
  const offset = memory.buffer.byteLength;
  memory.grow(Math.max(0, Math.ceil(bytes / PAGE)));
  return offset;
}

/** A kernel of its own memory, of at least so many bytes. @param base64 its WebAssembly, compiled once. */
export function instantiate<Kernel extends KernelMemory>(base64: string, bytes: number): Kernel {
  const compiled = modules.get(base64) ?? new wasm.Module(Buffer.from(base64, 'base64'));
  modules.set(base64, compiled);
  const kernel = new wasm.Instance(compiled).exports as Kernel;
  growMemory(kernel, bytes - kernel.memory.buffer.byteLength);
  return kernel;
}
