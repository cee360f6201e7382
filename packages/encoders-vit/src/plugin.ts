import { encoderFamily } from '@medbench/nn';
import { vitModel } from './model.js';

const CLIP = 'arXiv:2103.00020, table 19';

/** Vision transformers. To add one, add an entry to this table. */
export const { VitB16, VitB32, VitSmall, VitDemo, Vit28 } = encoderFamily(
  vitModel,
  ({ embedDim, activation = 'quick-gelu' }) => ({ embedDim, activation }),
  {
    /** CLIP's ViT-B/16. */
    VitB16: {
      title: 'ViT-B/16',
      source: CLIP,
      sizes: { id: 'vit-b-16', imageSize: 224, patchSize: 16, width: 768, layers: 12, embedDim: 512 },
    },
    /** CLIP's ViT-B/32. */
    VitB32: {
      title: 'ViT-B/32',
      source: CLIP,
      sizes: { id: 'vit-b-32', imageSize: 224, patchSize: 32, width: 768, layers: 12, embedDim: 512 },
    },
    /** Six blocks of width 192 on 64 pixels: trains in minutes to hours on two cores. */
    VitSmall: {
      title: 'small ViT, 64 pixels',
      source: 'medbench',
      sizes: { id: 'vit-small', imageSize: 64, patchSize: 8, width: 192, layers: 6, embedDim: 128 },
    },
    /** Four blocks of width 64 on 48 pixels, for the demo. */
    VitDemo: {
      title: 'demo ViT, 48 pixels',
      source: 'medbench',
      sizes: { id: 'vit-demo', imageSize: 48, patchSize: 8, width: 64, layers: 4, embedDim: 64 },
    },
    /** Four blocks of width 64 on 28 pixels, for MedMNIST at its native size. */
    Vit28: {
      title: 'small ViT, 28 pixels',
      source: 'medbench',
      sizes: { id: 'vit-28', imageSize: 28, patchSize: 4, width: 64, layers: 4, embedDim: 64 },
    },
  },
);
