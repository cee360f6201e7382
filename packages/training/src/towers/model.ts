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

type TowersRequest = Pick<ModelRequest, 'image' | 'text' | 'model' | 'towers'>;

/**
 * The two towers at the sizes of the run, changed as the request asks, and the tokenizer that the text tower reads.
 * @throws MedbenchError('config') if an image encoder is named where a text encoder belongs, or vice versa.
 */
export async function buildModel(request: TowersRequest): Promise<BuiltModel> {
  const { merges } = request.model;
  const tokenizer = await clipTokenizer(merges === null ? {} : { merges });
  return { model: buildTowers(request, tokenizer), tokenizer };
}

/**
 * The two towers for a tokenizer.
 * @param contextLength number of token positions of the text tower. Default: the encoder's own.
 * @throws MedbenchError('config') as `buildModel`; or if the text encoder has a fixed number of positions.
 */
export function buildTowers(
  { image, text, model, towers = (unchanged) => unchanged }: TowersRequest,
  { vocabSize }: Pick<Tokenizer, 'vocabSize'>,
  contextLength?: number,
): DualEncoderModel {
  const { embedDim, activation } = model;
  const options = { embedDim, activation, vocabSize };
  const imageTower = image.build(options);
  const textTower = text.build({ ...options, ...(contextLength === undefined ? {} : { contextLength }) });
  if (!('imageSize' in imageTower)) throw wrongTower(imageTower.id, 'image');
  if (!('contextLength' in textTower)) throw wrongTower(textTower.id, 'text');
  if (contextLength !== undefined && textTower.contextLength !== contextLength) {
    throw new MedbenchError(
      'config',
      `The text encoder ${textTower.id} has ${textTower.contextLength} token positions, and cannot be built with ${contextLength}`,
      { hint: 'See contextLength in the options of Encoder.build.' },
    );
  }
  return towers(dualEncoder(imageTower as ImageEncoderModel, textTower as TextEncoderModel));
}

const wrongTower = (id: string, tower: 'image' | 'text'): MedbenchError =>
  new MedbenchError('config', `encoders.${tower} is "${id}", which is no ${tower} encoder`, {
    hint: 'See medbench list encoders.',
  });
