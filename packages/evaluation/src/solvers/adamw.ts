/** PyTorch's defaults of AdamW: decay rates of both moments, and ε. */
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/** AdamW in host memory (Loshchilov and Hutter 2019, algorithm 2), in 64 bits, with weight decay on every parameter. */
export class HostAdamW {
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  #steps = 0;

  constructor(
    private readonly parameters: Float64Array,
    private readonly weightDecay: number,
  ) {
    this.#mean = new Float64Array(parameters.length);
    this.#square = new Float64Array(parameters.length);
  }

  /** Updates the parameters in place. @param gradient of the same length as the parameters. */
  step(gradient: Float64Array, learningRate: number): void {
    const { parameters, weightDecay } = this;
    const [mean, square] = [this.#mean, this.#square];
    this.#steps++;
    const [correct1, correct2] = [1 - BETA1 ** this.#steps, 1 - BETA2 ** this.#steps];
    for (let i = 0; i < parameters.length; i++) {
      const slope = gradient[i]!;
      mean[i] = BETA1 * mean[i]! + (1 - BETA1) * slope;
      square[i] = BETA2 * square[i]! + (1 - BETA2) * slope * slope;
      const update = mean[i]! / correct1 / (Math.sqrt(square[i]! / correct2) + EPSILON);
      parameters[i] = parameters[i]! * (1 - learningRate * weightDecay) - learningRate * update;
    }
  }
}
