import type { ImagePreprocessing } from '@medbench/core';
import { encoderFamily } from '@medbench/nn';
import { convNextModel } from './model.js';

const SOURCE = 'arXiv:2201.03545, section 3';
/** timm's own for its ConvNeXts. */
const IMAGENET: ImagePreprocessing = {
  ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  ...{ interpolation: 'bicubic', resize: 'shortest', crop: 0.875 },
};

/**
 * ConvNeXts. To add one, add an entry to this table. They ignore the option `activation`, which is for CLIP's
 * transformers, and use exact GELU.
 */
export const { ConvNextTiny, ConvNextBase, ConvNextDemo } = encoderFamily(
  convNextModel,
  ({ embedDim }) => ({ embedDim }),
  {
    /** timm's `convnext_tiny`. */
    ConvNextTiny: {
      title: 'ConvNeXt-Tiny',
      source: SOURCE,
      sizes: {
        ...{ id: 'convnext-tiny', imageSize: 224, widths: [96, 192, 384, 768], depths: [3, 3, 9, 3] },
        ...{ embedDim: 512, timm: 'convnext_tiny', preprocessing: IMAGENET },
      },
    },
    /** timm's `convnext_base`, as in open_clip's model of this name. */
    ConvNextBase: {
      title: 'ConvNeXt-Base',
      source: SOURCE,
      sizes: {
        ...{ id: 'convnext-base', imageSize: 224, widths: [128, 256, 512, 1024], depths: [3, 3, 27, 3] },
        ...{ embedDim: 512, timm: 'convnext_base', preprocessing: IMAGENET },
      },
    },
    /** Six blocks of at most 128 channels on 64 pixels, for the demo. */
    ConvNextDemo: {
      title: 'demo ConvNeXt, 64 pixels',
      source: 'medbench',
      sizes: {
        ...{ id: 'convnext-demo', imageSize: 64, widths: [16, 32, 64, 128], depths: [1, 1, 3, 1], embedDim: 64 },
        preprocessing: IMAGENET,
      },
    },
  },
);
