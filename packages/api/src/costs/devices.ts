import { MedbenchError } from '@medbench/core';

/** A throughput that others have stated for a device. */
export interface StatedThroughput {
  /** Pairs per second of CLIP with ViT-B/16 on one device: forward, backward and update. */
  readonly pairsPerSecond: number;
  /** The run that it was seen in, and where the figure is stated. */
  readonly source: string;
}

/**
 * The towers that stated figures are of, as encoders of medbench: 41.09 GFLOP forward for a pair (open_clip,
 * docs/model_profile.csv), 123.3 in a training step.
 */
export const REFERENCE = {
  encoders: { image: 'vit-b-16', text: 'gpt-77' },
  model: {
    ...{ embedDim: 512, merges: null, vocabulary: null, contextLength: null, preprocessing: null },
    activation: 'quick-gelu',
  },
} as const;

/** Times its forward pass that a training step takes for a pair: forward and backward. */
export const TRAINING_OF_FORWARD = 3;

/**
 * Stated throughputs by the short names that `--device` takes. None is of medbench: they are of PyTorch in mixed precision. A
 * device of which no figure with a source is known is not listed.
 */
export const STATED: Readonly<Record<string, StatedThroughput>> = {
  v100: {
    pairsPerSecond: 222,
    source: 'CLIP B/16 on 8 V100, 222 to 231 each; log in github.com/x-cls/superclass, issue 11',
  },
  a100: {
    pairsPerSecond: 990,
    source:
      'NeMo, CLIP g/14 on a DGX A100, 70 pairs per second each at 1,743 GFLOP, by operations; docs.nvidia.com, NeMo multimodal models, CLIP, performance',
  },
  h100: {
    pairsPerSecond: 1650,
    source:
      'NeMo, CLIP g/14 on a DGX H100, 117 pairs per second each at 1,743 GFLOP, by operations; docs.nvidia.com, NeMo multimodal models, CLIP, performance',
  },
};

/**
 * @throws MedbenchError('usage') with the devices that have one.
 */
export function statedThroughput(device: string): StatedThroughput {
  const stated = STATED[device.toLowerCase()];
  if (stated) return stated;
  throw new MedbenchError('usage', `No throughput with a source is known of the device ${device}`, {
    hint: `Known: ${Object.keys(STATED).join(', ')}. On a machine that has the device, medbench plan --measure measures it.`,
  });
}

/** The stated throughput of a device; undefined without a device, or if no figure is known. */
export function knownDevice(device: string | undefined): (StatedThroughput & { readonly name: string }) | undefined {
  const stated = device === undefined ? undefined : STATED[device.toLowerCase()];
  return stated && { name: device!, ...stated };
}
