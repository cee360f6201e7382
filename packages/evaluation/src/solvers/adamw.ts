import { ADAMW_KERNEL } from '../kernels/adamw.js';
import { instantiate, type KernelMemory, roundUp } from '../kernels/instantiate.js';

/** PyTorch's defaults of AdamW: decay rates of both moments, and ε. */
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/** The function of assembly/adamw.ts, which documents it. */
interface Kernel extends KernelMemory {
  step(parameters: number, gradient: number, mean: number, square: number, count: number, ...values: number[]): void;
}

/** AdamW in host memory (Loshchilov and Hutter 2019, algorithm 2), in 64 bits, with weight decay on every parameter. */
export class HostAdamW {
  /** The parameters, which a step updates. They lie in the kernel's memory. */
  readonly parameters: Float64Array;
  /** Gradient of the next step, of the same length. */
  readonly gradient: Float64Array;
  readonly #kernel: Kernel;
  readonly #count: number;
  #steps = 0;

  constructor(
    start: Float64Array,
    private readonly weightDecay: number,
  ) {
    this.#count = roundUp(2, start.length);
    this.#kernel = instantiate<Kernel>(ADAMW_KERNEL, 32 * this.#count);
    const { buffer } = this.#kernel.memory;
    this.parameters = new Float64Array(buffer, 0, start.length);
    this.gradient = new Float64Array(buffer, 8 * this.#count, start.length);
    this.parameters.set(start);
  }

  /** Updates the parameters by the gradient. */
  step(learningRate: number): void {
    this.#steps++;
    const corrections = [1 - BETA1 ** this.#steps, 1 - BETA2 ** this.#steps];
    const bytes = 8 * this.#count;
    const values = [BETA1, BETA2, ...corrections, EPSILON, learningRate, this.weightDecay];
    this.#kernel.step(0, bytes, 2 * bytes, 3 * bytes, this.#count, ...values);
  }
}
