import {
  CLIP_PREPROCESSING,
  type DualEncoderModel,
  type ImageEncoderModel,
  type ImagePreprocessing,
  MedbenchError,
  type ModelRequest,
  type ModelSettings,
  type TextEncoderModel,
} from '@medbench/core';
import type { Tokenizer } from '@medbench/data';
import { dualEncoder } from '@medbench/nn';
import { makeTokenizer } from './tokenizer.js';

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
  /** How images become the input of the image tower. */
  readonly preprocessing: ImagePreprocessing;
}

/** The preprocessing that the settings name, else the image tower's own, else that of OpenAI's CLIP. */
export const choosePreprocessing = (
  { preprocessing }: Pick<ModelSettings, 'preprocessing'>,
  image: Pick<ImageEncoderModel, 'preprocessing'>,
): ImagePreprocessing => preprocessing ?? image.preprocessing ?? CLIP_PREPROCESSING;

type TowersRequest = Pick<ModelRequest, 'image' | 'text' | 'model' | 'towers'> & Partial<Pick<ModelRequest, 'log'>>;

/**
 * The two towers at the sizes of the run, changed as the request asks, and the tokenizer that the text tower reads.
 * @throws MedbenchError('config') if an image encoder is named where a text encoder belongs, or vice versa; as
 *   `makeTokenizer`.
 */
export async function buildModel(request: TowersRequest): Promise<BuiltModel> {
  const tokenizer = await makeTokenizer(request);
  const model = buildTowers(request, tokenizer);
  return { model, tokenizer, preprocessing: choosePreprocessing(request.model, model.image) };
}

/**
 * The two towers for a tokenizer.
 * @param contextLength number of token positions of the text tower. Default: that of the settings, else the encoder's own.
 * @throws MedbenchError('config') as `buildModel`; or if the text encoder has a fixed number of positions.
 */
export function buildTowers(
  { image, text, model, towers = (unchanged) => unchanged }: TowersRequest,
  { vocabSize, padId }: Pick<Tokenizer, 'vocabSize' | 'padId'>,
  contextLength: number | undefined = model.contextLength ?? undefined,
): DualEncoderModel {
  const { embedDim, activation } = model;
  const options = { embedDim, activation, vocabSize, padId };
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
