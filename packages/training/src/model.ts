import {
  type DualEncoderModel,
  type HostTensors,
  type ImageEncoderModel,
  MedbenchError,
  type ModelRequest,
  type ParameterSpec,
  type TextEncoderModel,
} from '@medbench/core';
import { clipTokenizer, type Tokenizer } from '@medbench/data';
import { dualEncoder } from '@medbench/nn';

export interface BuiltModel {
  readonly model: DualEncoderModel;
  readonly tokenizer: Tokenizer;
}

/**
 * The two towers at the sizes of the run, and the tokenizer that the text tower reads.
 * @throws MedbenchError('config') if an image encoder is named where a text encoder belongs, or the other way round.
 */
export async function buildModel({ image, text, model }: ModelRequest): Promise<BuiltModel> {
  const tokenizer = await clipTokenizer(model.merges === null ? {} : { merges: model.merges });
  const options = { embedDim: model.embedDim, vocabSize: tokenizer.vocabSize };
  const imageTower = image.build(options);
  const textTower = text.build(options);
  if (!('imageSize' in imageTower)) throw wrongTower(imageTower.id, 'image');
  if (!('contextLength' in textTower)) throw wrongTower(textTower.id, 'text');
  return { model: dualEncoder(imageTower as ImageEncoderModel, textTower as TextEncoderModel), tokenizer };
}

const wrongTower = (id: string, tower: 'image' | 'text'): MedbenchError =>
  new MedbenchError('config', `encoders.${tower} is "${id}", which is no ${tower} encoder`, {
    hint: 'See medbench list encoders.',
  });

/**
 * Checks that weights are those of a model.
 * @throws MedbenchError('weights') that lists what is missing, unexpected or of another shape, and names the file.
 */
export function checkWeights(weights: HostTensors, specs: readonly ParameterSpec[], file: string): void {
  const faults: string[] = [];
  const expected = new Map(specs.map(({ name, shape }) => [name, shape.join('x')]));
  for (const [name, shape] of expected) {
    const found = weights[name];
    if (!found) faults.push(`${name} is missing`);
    else if (found.shape.join('x') !== shape) faults.push(`${name} is [${found.shape}], expected [${shape}]`);
  }
  for (const name of Object.keys(weights)) if (!expected.has(name)) faults.push(`${name} is unexpected`);
  if (faults.length > 0) {
    const shown = faults.slice(0, 8).join('; ') + (faults.length > 8 ? `; and ${faults.length - 8} more` : '');
    throw new MedbenchError('weights', `${file} does not fit the model: ${shown}`, {
      hint: 'The weights were made with other encoders, widths or vocabulary.',
    });
  }
}
