import { type Matrix, random } from '@medbench/core';
import { LayerProducts } from '../kernels/layer-products.js';
import { argMax, crossEntropyGradient } from '../metrics/scores.js';
import { takeRows } from '../numerics/matrix.js';
import { HostAdamW } from '../solvers/adamw.js';

/** Training settings of a perceptron. */
export interface MlpOptions {
  /** Width of the hidden layer. */
  readonly hidden: number;
  /** Share of hidden units that are dropped for each training example. */
  readonly dropout: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly epochs: number;
  /** Maximum number of steps, of 64 examples each. */
  readonly maxSteps: number;
  readonly seed: number;
  /**
   * Initial parameters, in the order of `MlpClassifier.parameters`. Default: as PyTorch's `Linear`, uniform within
   * ±1/√inputs.
   */
  readonly start?: Float64Array;
  /** Order of the examples of an epoch. Default: drawn from the seed. */
  readonly order?: (epoch: number) => Int32Array;
}

/** A trained perceptron. */
export interface MlpClassifier {
  /** First layer's weights `[hidden, inputs]` and biases, second layer's weights `[classes, hidden]` and biases. */
  readonly parameters: Float64Array;
  predict(x: Matrix): Int32Array;
}

const BATCH = 64;

function splitLayers(parameters: Float64Array, inputs: number, hidden: number, classes: number) {
  let offset = 0;
  const take = (length: number): Float64Array => {
    offset += length;
    return parameters.subarray(offset - length, offset);
  };
  return { w1: take(hidden * inputs), b1: take(hidden), w2: take(classes * hidden), b2: take(classes) };
}

function addBias(z: Float64Array, bias: Float64Array): void {
  const width = bias.length;
  for (let row = 0; row < z.length; row += width) for (let k = 0; k < width; k++) z[row + k]! += bias[k]!;
}

/** Adds each row of a block to `sums`. */
function addRows(sums: Float64Array, rows: Float64Array): void {
  const width = sums.length;
  for (let row = 0; row < rows.length; row += width) for (let k = 0; k < width; k++) sums[k]! += rows[row + k]!;
}

/**
 * Trains a perceptron with one hidden layer (ReLU, followed by dropout) on the cross-entropy by AdamW, at batch size 64
 * and a constant learning rate, with weight decay on weights and biases. It computes in 64 bits, except for the hidden
 * units, which are stored in 32. Deterministic.
 *
 * @param x features `[N, inputs]`. @param y labels in 0..classes-1.
 */
export function fitMlp(x: Matrix, y: Int32Array, classes: number, options: MlpOptions): MlpClassifier {
  const { hidden, dropout, learningRate, weightDecay } = options;
  const { rows: n, cols: inputs } = x;
  const stream = random(options.seed, 'mlp');
  const size = hidden * (inputs + 1) + classes * (hidden + 1);
  const firstLayer = hidden * (inputs + 1);
  const start =
    options.start ??
    Float64Array.from(
      { length: size },
      (_, i) => (2 * stream.uniform() - 1) / Math.sqrt(i < firstLayer ? inputs : hidden),
    );
  const optimizer = new HostAdamW(start, weightDecay);
  const { parameters, gradient } = optimizer;
  const p = splitLayers(parameters, inputs, hidden, classes);
  const g = splitLayers(gradient, inputs, hidden, classes);
  const [first, second] = [new LayerProducts(inputs, hidden), new LayerProducts(hidden, classes)];
  let step = 0;
  for (let epoch = 0; epoch < options.epochs && step < options.maxSteps; epoch++) {
    const order = options.order?.(epoch) ?? stream.permutation(n);
    for (let from = 0; from < n && step < options.maxSteps; from += BATCH) {
      const batch = order.subarray(from, from + BATCH);
      g.b1.fill(0);
      g.b2.fill(0);
      // A batch is one block of `LayerProducts`, so the callback runs once per batch.
      first.sweep(takeRows(x, batch).data, p.w1, g.w1, (z, _, rows) => {
        addBias(z, p.b1);
        const units = new Float32Array(rows * hidden);
        for (let i = 0; i < units.length; i++) {
          const kept = dropout === 0 || stream.uniform() >= dropout;
          if (kept && z[i]! > 0) units[i] = z[i]! / (1 - dropout);
        }
        second.sweep(units, p.w2, g.w2, (logits, __, ___, byInputs) => {
          addBias(logits, p.b2);
          crossEntropyGradient(logits, classes, batch.length, (row) => y[batch[row]!]!);
          addRows(g.b2, logits);
          const back = byInputs();
          for (let i = 0; i < rows; i++) {
            for (let h = 0; h < hidden; h++) {
              const index = i * hidden + h;
              z[index] = units[index]! > 0 ? back.gradient[i * back.stride + h]! / (1 - dropout) : 0;
            }
          }
        });
        addRows(g.b1, z);
      });
      step++;
      optimizer.step(learningRate);
    }
  }
  return { parameters, predict: (rows) => predict(rows, p, classes, hidden) };
}

function predict(x: Matrix, p: ReturnType<typeof splitLayers>, classes: number, hidden: number): Int32Array {
  const [first, second] = [new LayerProducts(x.cols, hidden), new LayerProducts(hidden, classes)];
  const predicted = new Int32Array(x.rows);
  const unused = { first: new Float64Array(hidden * x.cols), second: new Float64Array(classes * hidden) };
  first.sweep(x.data, p.w1, unused.first, (z, from) => {
    addBias(z, p.b1);
    second.sweep(
      Float32Array.from(z, (value) => Math.max(0, value)),
      p.w2,
      unused.second,
      (logits) => {
        addBias(logits, p.b2);
        predicted.set(argMax(Float64Array.from(logits), classes), from);
      },
    );
  });
  return predicted;
}
