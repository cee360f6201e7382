export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of WebAssembly that is used here: Node's types name it without describing it. */
const { WebAssembly: wasm } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => { readonly exports: unknown };
  };
};

const PAGE = 2 ** 16;
/** Bytes of a vector. */
const VECTOR = 16;

/**
 * Returns a function that starts a kernel of src/kernels at its first call, and always returns that one. It is null where
 * the runtime has no 128-bit vectors.
 */
export function lazyKernel<Kernel>(base64: string): () => Kernel | null {
  let kernel: Kernel | null | undefined;
  return () => {
    if (kernel === undefined) kernel = start<Kernel>(base64);
    return kernel;
  };
}

function start<Kernel>(base64: string): Kernel | null {
  try {
    const { Module, Instance } = wasm;
    return new Instance(new Module(Buffer.from(base64, 'base64'))).exports as Kernel;
  } catch {
    return null;
  }
}

/** Divides a kernel's memory into areas, each of which begins at a multiple of 16. */
export class Areas {
  #end = 0;

  /** @param margin bytes behind each area that loads and stores may reach. */
  constructor(private readonly margin = VECTOR) {}

  /** Bytes that all areas take together. */
  get end(): number {
    return this.#end;
  }

  /** @returns the area's address. */
  take(bytes: number): number {
    const start = this.#end;
    this.#end = Math.ceil((start + bytes + this.margin) / VECTOR) * VECTOR;
    return start;
  }

  /** Grows the memory to hold all areas. */
  reserve(memory: KernelMemory): Uint8Array<ArrayBuffer> {
    const missing = this.#end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    return new Uint8Array(memory.buffer);
  }
}
