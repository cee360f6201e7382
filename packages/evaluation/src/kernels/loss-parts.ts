import type { LayerProducts } from './layer-products.js';

/** Rows whose sums form one part, which one thread computes. Parts are added in their order. */
export const PART = 1024;

/**
 * Computes parts of the loss of logistic regression.
 * @param parts receives for each part its gradient, followed by its loss.
 */
export function lossParts(
  products: LayerProducts,
  { x, labels, rows }: { readonly x: Float32Array; readonly labels: Int32Array; readonly rows: number },
  parameters: Float64Array,
  parts: Float64Array,
): void {
  const size = parameters.length;
  for (let part = 0; part * PART < rows; part++) {
    const at = part * (size + 1);
    const gradient = parts.subarray(at, at + size);
    const range = [part * PART, Math.min(rows, (part + 1) * PART)] as const;
    parts[at + size] = products.logisticLoss(x, labels, parameters, gradient, range);
  }
}
