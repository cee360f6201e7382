import type { ImagePreprocessing } from './contracts/index.js';

/** The preprocessing of OpenAI's CLIP (arXiv:2103.00020), the default of image towers. */
export const CLIP_PREPROCESSING: ImagePreprocessing = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
  interpolation: 'bicubic',
  resize: 'shortest',
  crop: 1,
};
