import { Encoder, type EncoderInfo, type EncoderOptions, type ImageEncoderModel } from '@medbench/core';
import { encoderFacts } from '@medbench/nn';
import { type VitSizes, vitModel } from './model.js';

const B16: VitSizes = { id: 'vit-b-16', imageSize: 224, patchSize: 16, width: 768, layers: 12, embedDim: 512 };
const B32: VitSizes = { ...B16, id: 'vit-b-32', patchSize: 32 };
const SMALL: VitSizes = { id: 'vit-small', imageSize: 64, patchSize: 8, width: 192, layers: 6, embedDim: 128 };
const DEMO: VitSizes = { id: 'vit-demo', imageSize: 48, patchSize: 8, width: 64, layers: 4, embedDim: 64 };
const S28: VitSizes = { id: 'vit-28', imageSize: 28, patchSize: 4, width: 64, layers: 4, embedDim: 64 };

const facts = (sizes: VitSizes, title: string, source: string): EncoderInfo => ({
  ...encoderFacts(vitModel(sizes)),
  title,
  modality: 'image',
  imageSize: sizes.imageSize,
  source,
});

abstract class Vit implements Encoder {
  protected abstract readonly sizes: VitSizes;

  build({ embedDim, activation = 'quick-gelu' }: EncoderOptions): ImageEncoderModel {
    return vitModel({ ...this.sizes, embedDim, activation });
  }
}

/** CLIP's ViT-B/16. */
@Encoder(facts(B16, 'ViT-B/16', 'arXiv:2103.00020, table 19'))
export class VitB16 extends Vit {
  protected readonly sizes = B16;
}

/** CLIP's ViT-B/32. */
@Encoder(facts(B32, 'ViT-B/32', 'arXiv:2103.00020, table 19'))
export class VitB32 extends Vit {
  protected readonly sizes = B32;
}

/** Six blocks of 192 on 64 pixels: minutes to hours on two cores. */
@Encoder(facts(SMALL, 'small ViT, 64 pixels', 'medbench'))
export class VitSmall extends Vit {
  protected readonly sizes = SMALL;
}

/** Four blocks of 64 on 48 pixels: the demo's. */
@Encoder(facts(DEMO, 'demo ViT, 48 pixels', 'medbench'))
export class VitDemo extends Vit {
  protected readonly sizes = DEMO;
}

/** Four blocks of 64 on 28 pixels, for MedMNIST at its native size. */
@Encoder(facts(S28, 'small ViT, 28 pixels', 'medbench'))
export class Vit28 extends Vit {
  protected readonly sizes = S28;
}
