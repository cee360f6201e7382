import type { DualEncoderModel, EncoderOutput, ForwardOptions } from '../contracts/encoder.js';
import type { TensorMap } from '../contracts/tensors.js';

/**
 * A model for the objectives of one sum, whose towers run once: whoever asks for the same pass again is given the same
 * output, of which each part is computed when it is first read.
 * @param originalParameters the parameters of the sum behind those that an objective sees.
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
      const { keptPatches, training, frozen } = options;
      const key = [encode, parameters, batch, keptPatches, training, frozen];
      const cached = passes.find((pass) => pass.key.every((part, i) => part === key[i]));
      if (cached) return cached.output;
      const output = encode(parameters, batch, options);
      passes.push({ key, output });
      return output;
    };
  return { ...model, encodeImage: runOnce(model.encodeImage), encodeText: runOnce(model.encodeText) };
}
