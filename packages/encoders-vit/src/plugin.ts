import type { ImagePreprocessing } from '@medbench/core';
import { encoderFamily } from '@medbench/nn';
import { vitModel } from './model.js';
import { timmVitModel } from './timm.js';

const CLIP = 'arXiv:2103.00020, table 19';

/** Means and deviations of 0.5: pixels in [-1, 1]. */
const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
/** timm's own for its vision transformers. */
const TIMM: ImagePreprocessing = { ...HALF, interpolation: 'bicubic', resize: 'shortest', crop: 0.9 };
/** That of SigLIP's models in open_clip. */
const SIGLIP: ImagePreprocessing = { ...HALF, interpolation: 'bicubic', resize: 'squash', crop: 1 };

/** Vision transformers as in CLIP. To add one, add an entry to this table. */
export const { VitL14, VitL14At336, VitB16, VitB32, VitSmall, VitDemo, VitDeepDemo, Vit28 } = encoderFamily(
  vitModel,
  ({ embedDim, activation = 'quick-gelu' }) => ({ embedDim, activation }),
  {
    /** CLIP's ViT-L/14. Its text tower is `gpt-77-768`. */
    VitL14: {
      title: 'ViT-L/14',
      source: CLIP,
      sizes: { id: 'vit-l-14', imageSize: 224, patchSize: 14, width: 1024, layers: 24, embedDim: 768 },
    },
    /** CLIP's ViT-L/14 on images of 336 pixels. */
    VitL14At336: {
      title: 'ViT-L/14, 336 pixels',
      source: CLIP,
      sizes: { id: 'vit-l-14-336', imageSize: 336, patchSize: 14, width: 1024, layers: 24, embedDim: 768 },
    },
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
    /** Eight blocks of width 64 on 48 pixels: as the demo's, twice as deep. */
    VitDeepDemo: {
      title: 'deep demo ViT, 48 pixels',
      source: 'medbench',
      sizes: { id: 'vit-deep-demo', imageSize: 48, patchSize: 8, width: 64, layers: 8, embedDim: 64 },
    },
    /** Four blocks of width 64 on 28 pixels, for MedMNIST at its native size. */
    Vit28: {
      title: 'small ViT, 28 pixels',
      source: 'medbench',
      sizes: { id: 'vit-28', imageSize: 28, patchSize: 4, width: 64, layers: 4, embedDim: 64 },
    },
  },
);

/**
 * Vision transformers as in timm. They have exact GELU, whatever the activation of the run. To add one, add an entry to
 * this table.
 */
export const { TimmVitB16, SiglipVitB16, TimmVitDemo, SiglipVitDemo } = encoderFamily(
  timmVitModel,
  ({ embedDim }) => ({ embedDim }),
  {
    /** timm's ViT-B/16, the image tower of BiomedCLIP. */
    TimmVitB16: {
      title: 'ViT-B/16 of timm',
      source: 'arXiv:2010.11929, table 1; arXiv:2303.00915',
      sizes: {
        ...{ id: 'vit-b-16-timm', imageSize: 224, patchSize: 16, width: 768, layers: 12, embedDim: 512 },
        pooling: 'token',
        timmName: 'vit_base_patch16_224',
        preprocessing: TIMM,
      },
    },
    /** SigLIP's ViT-B/16, with attention pooling in place of a class token. */
    SiglipVitB16: {
      title: 'ViT-B/16 of SigLIP',
      source: 'arXiv:2303.15343; arXiv:2106.04560',
      sizes: {
        ...{ id: 'vit-b-16-siglip', imageSize: 224, patchSize: 16, width: 768, layers: 12, embedDim: 768 },
        pooling: 'map',
        timmName: 'vit_base_patch16_siglip_224',
        preprocessing: SIGLIP,
      },
    },
    /** Four blocks of width 64 on 48 pixels, as in timm, for the demo. */
    TimmVitDemo: {
      title: 'demo ViT of timm, 48 pixels',
      source: 'medbench',
      sizes: {
        ...{ id: 'vit-timm-demo', imageSize: 48, patchSize: 8, width: 64, layers: 4, embedDim: 64 },
        pooling: 'token',
        preprocessing: TIMM,
      },
    },
    /** Four blocks of width 64 on 48 pixels, with attention pooling, for the demo. */
    SiglipVitDemo: {
      title: 'demo ViT of SigLIP, 48 pixels',
      source: 'medbench',
      sizes: {
        ...{ id: 'vit-siglip-demo', imageSize: 48, patchSize: 8, width: 64, layers: 4, embedDim: 64 },
        pooling: 'map',
        preprocessing: SIGLIP,
      },
    },
  },
);
