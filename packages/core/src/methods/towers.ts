import type { DualEncoderModel, EncoderOutput, ForwardOptions } from '../contracts/encoder.js';
import type { TensorMap } from '../contracts/tensors.js';

/**
 * Wraps a model so that its towers run once for all objectives of a sum. A repeated forward pass with the same
 * arguments returns the cached output, whose parts are computed when they are first read.
 * @param originalParameters maps an objective's view of the parameters to the parameters of the sum.
 */
export function sharedTowers(
  model: DualEncoderModel,
  originalParameters: (view: TensorMap) => TensorMap,
): DualEncoderModel {
  const passes: { readonly key: readonly unknown[]; readonly output: EncoderOutput }[] = [];
  const runOnce =
    <B>(encode: (parameters: TensorMap, batch: B, options?: ForwardOptions) => EncoderOutput) =>
    (view: TensorMap, batch: B, options: ForwardOptions = {}): EncoderOutput => {
      const parameters = originalParameters(view);
      const { keptPatches, training, frozen, activation, appended } = options;
      const key = [encode, parameters, batch, keptPatches, training, frozen, activation, appended];
      const cached = passes.find((pass) => pass.key.every((part, i) => part === key[i]));
      if (cached) return cached.output;
      const output = encode(parameters, batch, options);
      passes.push({ key, output });
      return output;
    };
  return { ...model, encodeImage: runOnce(model.encodeImage), encodeText: runOnce(model.encodeText) };
}
