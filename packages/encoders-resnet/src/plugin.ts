import { Encoder, type EncoderInfo, type EncoderOptions, type ImageEncoderModel } from '@medbench/core';
import { encoderFacts } from '@medbench/nn';
import { type ResNetSizes, resnetModel } from './model.js';

const R50: ResNetSizes = { id: 'rn50', imageSize: 224, baseWidth: 64, layers: [3, 4, 6, 3], embedDim: 1024 };
const DEMO: ResNetSizes = { id: 'rn-demo', imageSize: 64, baseWidth: 16, layers: [1, 1, 1, 1], embedDim: 64 };

const facts = (sizes: ResNetSizes, title: string, source: string): EncoderInfo => ({
  ...encoderFacts(resnetModel(sizes)),
  title,
  modality: 'image',
  imageSize: sizes.imageSize,
  source,
});

/** The activation of the options is the transformers': these have ReLU. */
abstract class ResNet implements Encoder {
  protected abstract readonly sizes: ResNetSizes;

  build({ embedDim }: EncoderOptions): ImageEncoderModel {
    return resnetModel({ ...this.sizes, embedDim });
  }
}

/** CLIP's modified ResNet-50. */
@Encoder(facts(R50, 'modified ResNet-50', 'arXiv:2103.00020, table 19'))
export class ResNet50 extends ResNet {
  protected readonly sizes = R50;
}

/** One bottleneck per stage and a quarter of the width, on 64 pixels: the demo's. */
@Encoder(facts(DEMO, 'demo modified ResNet, 64 pixels', 'medbench'))
export class ResNetDemo extends ResNet {
  protected readonly sizes = DEMO;
}
