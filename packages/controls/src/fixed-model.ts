import { type EvaluationModel, MedbenchError } from '@medbench/core';

/** Features of images and texts for a control that learns nothing. At least one of the two is present. */
export interface FixedFeatures {
  readonly id: string;
  /** Computes one row of features per image. Without it the control refuses images. */
  readonly images?: EvaluationModel['embedImages'];
  /** Computes one row of features per text. Without it the control refuses texts. */
  readonly texts?: EvaluationModel['embedTexts'];
  /** Message of the error for refused inputs. */
  readonly refusal?: string;
}

/** Makes a model of fixed features. Images and texts share one space if both are present. */
export function fixedModel({
  id,
  images,
  texts,
  refusal = `${id} refuses this input`,
}: FixedFeatures): EvaluationModel {
  const refuse = (): Promise<never> => Promise.reject(new MedbenchError('evaluation', refusal));
  return {
    id,
    can: {
      images: images !== undefined,
      texts: texts !== undefined,
      joint: images !== undefined && texts !== undefined,
    },
    logitScale: 1,
    imageFeatures: images ?? refuse,
    embedImages: images ?? refuse,
    embedTexts: texts ?? refuse,
  };
}
