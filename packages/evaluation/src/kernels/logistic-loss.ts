import type { Matrix } from '@medbench/core';
import { LayerProducts } from './layer-products.js';
import { lossParts, PART } from './loss-parts.js';
import { LossWorkers } from './loss-workers.js';

/** Multiply-adds of an evaluation from which further threads save more time than they cost. */
const MIN_WORK = 2e7;

/**
 * The summed loss of logistic regression on features `[N, d]` and its gradient, on several threads if there is enough
 * to compute. The bits do not depend on the number of threads: rows are summed in parts of a fixed size.
 */
export class LogisticLoss {
  readonly #products: LayerProducts;
  readonly #parts: Float64Array;
  readonly #workers: LossWorkers | undefined;
  /** Whether all threads took part in the last evaluation. In the first ones, they are starting. */
  shared = false;

  /** @param outputs rows of weights: 1 for two classes, else the number of classes. */
  constructor(
    private readonly x: Matrix,
    private readonly labels: Int32Array,
    outputs: number,
    threads: number,
  ) {
    const { rows, cols } = x;
    const count = Math.ceil(rows / PART);
    const size = outputs * (cols + 1);
    const helpers = rows * cols * outputs * 2 < MIN_WORK ? 0 : Math.min(threads, count) - 1;
    this.#workers = helpers > 0 ? LossWorkers.start(x, labels, outputs, helpers) : undefined;
    this.#parts = this.#workers?.parts ?? new Float64Array(count * (size + 1));
    this.#products = new LayerProducts(cols, outputs);
    this.#products.cacheFeatures(x.data);
  }

  /**
   * @param parameters weights `[outputs, d]`, followed by intercepts `[outputs]`.
   * @param gradient in the order of the parameters, overwritten.
   * @returns the summed loss.
   */
  evaluate(parameters: Float64Array, gradient: Float64Array): number {
    const parts = this.#parts;
    const rows = this.#workers?.begin(parameters) ?? this.x.rows;
    lossParts(this.#products, { x: this.x.data, labels: this.labels, rows }, parameters, parts);
    this.shared = rows < this.x.rows;
    if (this.shared) this.#workers!.finish();
    const size = parameters.length;
    let loss = 0;
    gradient.fill(0);
    for (let at = 0; at < parts.length; at += size + 1) {
      for (let i = 0; i < size; i++) gradient[i]! += parts[at + i]!;
      loss += parts[at + size]!;
    }
    return loss;
  }

  /** Lets the other threads rest. */
  close(): void {
    this.#workers?.close();
  }
}
