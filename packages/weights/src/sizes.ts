import type { HostTensors } from '@medbench/core';

/** Sizes of the two towers, read from the shapes of their weights. */
export interface ModelSizes {
  readonly embedDim: number;
  readonly image:
    | {
        readonly kind: 'vit';
        readonly size: number;
        readonly patch: number;
        readonly width: number;
        readonly layers: number;
      }
    | { readonly kind: 'resnet'; readonly size: number; readonly width: number; readonly layers: readonly number[] };
  readonly text: {
    readonly context: number;
    readonly vocabulary: number;
    readonly width: number;
    readonly layers: number;
  };
}

/** Number of indices after a prefix in the names: the largest index plus one. */
function countAfter(names: readonly string[], prefix: string): number {
  const numbers = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number.parseInt(name.slice(prefix.length), 10));
  return numbers.length === 0 ? 0 : Math.max(...numbers) + 1;
}

/** Reads the sizes from weights in medbench's layout; undefined if these are not the weights of two CLIP towers. */
export function readSizes(weights: HostTensors): ModelSizes | undefined {
  const names = Object.keys(weights);
  const side = (name: string, axis: number): number => weights[name]?.shape[axis] ?? 0;
  const text = {
    context: side('positional_embedding', 0),
    vocabulary: side('token_embedding.weight', 0),
    width: side('token_embedding.weight', 1),
    layers: countAfter(names, 'transformer.resblocks.'),
  };
  const embedDim = side('text_projection', 1);
  const width = side('visual.conv1.weight', 0);
  if (width === 0 || text.width === 0 || embedDim === 0) return undefined;
  if (weights['visual.attnpool.positional_embedding']) {
    const grid = Math.sqrt(side('visual.attnpool.positional_embedding', 0) - 1);
    const layers = [1, 2, 3, 4].map((stage) => countAfter(names, `visual.layer${stage}.`));
    // The stem has half the width. The layers before the attention pool shrink each side 32 times.
    return { embedDim, text, image: { kind: 'resnet', size: 32 * grid, width: 2 * width, layers } };
  }
  const patch = side('visual.conv1.weight', 2);
  const grid = Math.sqrt(side('visual.positional_embedding', 0) - 1);
  const layers = countAfter(names, 'visual.transformer.resblocks.');
  return { embedDim, text, image: { kind: 'vit', size: patch * grid, patch, width, layers } };
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
