import { encoderFamily } from '@medbench/nn';
import { resnetModel } from './model.js';

/**
 * Modified ResNets. To add one, add an entry to this table. They ignore the option `activation`, which is for
 * transformers, and use ReLU.
 */
export const { ResNet50, ResNetDemo } = encoderFamily(resnetModel, ({ embedDim }) => ({ embedDim }), {
  /** CLIP's modified ResNet-50. */
  ResNet50: {
    title: 'modified ResNet-50',
    source: 'arXiv:2103.00020, table 19',
    sizes: { id: 'rn50', imageSize: 224, baseWidth: 64, layers: [3, 4, 6, 3], embedDim: 1024 },
  },
  /** One bottleneck per stage and a quarter of the width, on 64 pixels, for the demo. */
  ResNetDemo: {
    title: 'demo modified ResNet, 64 pixels',
    source: 'medbench',
    sizes: { id: 'rn-demo', imageSize: 64, baseWidth: 16, layers: [1, 1, 1, 1], embedDim: 64 },
  },
});
