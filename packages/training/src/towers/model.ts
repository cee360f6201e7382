import {
  type DualEncoderModel,
  type ImageEncoderModel,
  MedbenchError,
  type ModelRequest,
  type ModelSettings,
  type TextEncoderModel,
} from '@medbench/core';
import { clipTokenizer, type Tokenizer } from '@medbench/data';
import { dualEncoder } from '@medbench/nn';

/** File with a row's weights, in its folder. */
export const WEIGHTS_FILE = 'weights.safetensors';

/** Metadata of a weights file: enough to build the model elsewhere. */
export const weightsMetadata = ({ key, model }: { key: string; model: ModelSettings }): Record<string, string> => ({
  key,
  activation: model.activation,
  // Python's libraries refuse a file without it.
  format: 'pt',
});

export interface BuiltModel {
  readonly model: DualEncoderModel;
  readonly tokenizer: Tokenizer;
}

/**
 * The two towers at the sizes of the run, changed as the request asks, and the tokenizer that the text tower reads.
 * @throws MedbenchError('config') if an image encoder is named where a text encoder belongs, or vice versa.
 */
export async function buildModel({
  image,
  text,
  model,
  towers = (unchanged) => unchanged,
}: Pick<ModelRequest, 'image' | 'text' | 'model' | 'towers'>): Promise<BuiltModel> {
  const tokenizer = await clipTokenizer(model.merges === null ? {} : { merges: model.merges });
  const { embedDim, activation } = model;
  const options = { embedDim, activation, vocabSize: tokenizer.vocabSize };
  const imageTower = image.build(options);
  const textTower = text.build(options);
  if (!('imageSize' in imageTower)) throw wrongTower(imageTower.id, 'image');
  if (!('contextLength' in textTower)) throw wrongTower(textTower.id, 'text');
  const run = dualEncoder(imageTower as ImageEncoderModel, textTower as TextEncoderModel);
  return { model: towers(run), tokenizer };
}

const wrongTower = (id: string, tower: 'image' | 'text'): MedbenchError =>
  new MedbenchError('config', `encoders.${tower} is "${id}", which is no ${tower} encoder`, {
    hint: 'See medbench list encoders.',
  });
