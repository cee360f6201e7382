import { type EvaluationModel, MedbenchError } from '@medbench/core';

/** What a control that learns nothing makes of images and texts. At least one of the two is given. */
export interface FixedFeatures {
  readonly id: string;
  /** Rows of features, one for each image. Left out: the control refuses images. */
  readonly images?: EvaluationModel['embedImages'];
  /** Rows of features, one for each text. Left out: the control refuses texts. */
  readonly texts?: EvaluationModel['embedTexts'];
  /** What is said on refusing. */
  readonly refusal?: string;
}

/** A model of fixed features. Images and texts share a space where both are given. */
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
