import type { HostTensors } from '@medbench/core';

/** Sizes of one of CLIP's image towers. */
export type ImageSizes =
  | {
      readonly kind: 'vit';
      readonly size: number;
      readonly patch: number;
      readonly width: number;
      readonly layers: number;
    }
  | { readonly kind: 'resnet'; readonly size: number; readonly width: number; readonly layers: readonly number[] };

/** Sizes of CLIP's text tower. */
export interface TextSizes {
  readonly context: number;
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
}

/** Sizes of the two towers, read from the shapes of their weights. */
export interface ModelSizes {
  readonly embedDim: number;
  readonly image: ImageSizes;
  readonly text: TextSizes;
}

/** Number of indices after a prefix in the names: the largest index plus one. */
export function countAfter(names: readonly string[], prefix: string): number {
  const numbers = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number.parseInt(name.slice(prefix.length), 10));
  return numbers.length === 0 ? 0 : Math.max(...numbers) + 1;
}

const readSide = (weights: HostTensors, name: string, axis: number): number => weights[name]?.shape[axis] ?? 0;

/** Reads the sizes of the text tower; undefined if it is not CLIP's. */
export function readTextSizes(weights: HostTensors): TextSizes | undefined {
  const width = readSide(weights, 'token_embedding.weight', 1);
  if (width === 0 || readSide(weights, 'text_projection', 1) === 0) return undefined;
  return {
    context: readSide(weights, 'positional_embedding', 0),
    vocabulary: readSide(weights, 'token_embedding.weight', 0),
    width,
    layers: countAfter(Object.keys(weights), 'transformer.resblocks.'),
  };
}

/** Reads the sizes of the image tower; undefined if it is not one of CLIP's. */
export function readImageSizes(weights: HostTensors): ImageSizes | undefined {
  const names = Object.keys(weights);
  const width = readSide(weights, 'visual.conv1.weight', 0);
  if (width === 0) return undefined;
  if (weights['visual.attnpool.positional_embedding']) {
    const grid = Math.sqrt(readSide(weights, 'visual.attnpool.positional_embedding', 0) - 1);
    const layers = [1, 2, 3, 4].map((stage) => countAfter(names, `visual.layer${stage}.`));
    // The stem has half the width. The layers before the attention pool shrink each side 32 times.
    return { kind: 'resnet', size: 32 * grid, width: 2 * width, layers };
  }
  const patch = readSide(weights, 'visual.conv1.weight', 2);
  const grid = Math.sqrt(readSide(weights, 'visual.positional_embedding', 0) - 1);
  const layers = countAfter(names, 'visual.transformer.resblocks.');
  return { kind: 'vit', size: patch * grid, patch, width, layers };
}

/** Reads the sizes from weights in medbench's layout; undefined if these are not the weights of two CLIP towers. */
export function readSizes(weights: HostTensors): ModelSizes | undefined {
  const [image, text] = [readImageSizes(weights), readTextSizes(weights)];
  return image && text && { embedDim: readSide(weights, 'text_projection', 1), image, text };
}

/** Describes the sizes in words, for a message. */
export function describeSizes({ embedDim, image, text }: ModelSizes): string {
  const tower =
    image.kind === 'vit'
      ? `a vision transformer of ${image.layers} blocks of ${image.width} on ${image.size} pixels in patches of ${image.patch}`
      : `a ResNet of ${image.layers.join('-')} blocks from width ${image.width} on ${image.size} pixels`;
  return (
    `${tower}, a text transformer of ${text.layers} blocks of ${text.width} on ${text.context} of ${text.vocabulary} tokens, ` +
    `a joint space of ${embedDim}`
  );
}
