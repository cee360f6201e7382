import type { ImagePreprocessing } from '@medbench/core';
import { encoderFamily } from '@medbench/nn';
import { swinModel } from './model.js';

const SOURCE = 'arXiv:2103.14030, section 3.3';
/** timm's own for its Swin transformers. */
const IMAGENET: ImagePreprocessing = {
  ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  ...{ interpolation: 'bicubic', resize: 'shortest', crop: 0.9 },
};

/**
 * Swin transformers. To add one, add an entry to this table. They ignore the option `activation`, which is for CLIP's
 * transformers, and use exact GELU.
 */
export const { SwinTiny, SwinBase, SwinDemo } = encoderFamily(swinModel, ({ embedDim }) => ({ embedDim }), {
  /** timm's `swin_tiny_patch4_window7_224`. */
  SwinTiny: {
    title: 'Swin-Tiny, windows of 7',
    source: SOURCE,
    sizes: {
      ...{ id: 'swin-tiny', imageSize: 224, width: 96, depths: [2, 2, 6, 2], heads: [3, 6, 12, 24], window: 7 },
      ...{ embedDim: 512, timm: 'swin_tiny_patch4_window7_224', preprocessing: IMAGENET },
    },
  },
  /** timm's `swin_base_patch4_window7_224`, as in open_clip's model of this name. */
  SwinBase: {
    title: 'Swin-Base, windows of 7',
    source: SOURCE,
    sizes: {
      ...{ id: 'swin-base', imageSize: 224, width: 128, depths: [2, 2, 18, 2], heads: [4, 8, 16, 32], window: 7 },
      ...{ embedDim: 512, timm: 'swin_base_patch4_window7_224', preprocessing: IMAGENET },
    },
  },
  /** Six blocks of at most 128 channels on 64 pixels, for the demo. */
  SwinDemo: {
    title: 'demo Swin, 64 pixels',
    source: 'medbench',
    sizes: {
      ...{ id: 'swin-demo', imageSize: 64, width: 32, depths: [2, 2, 2], heads: [1, 2, 4], window: 4, embedDim: 64 },
      preprocessing: IMAGENET,
    },
  },
});
