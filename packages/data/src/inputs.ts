import { type InputRecipe, MedbenchError, type MethodInput, type Random, type RasterImage } from '@medbench/core';
import { type SimclrOptions, simclrTransform } from './augment/simclr.js';
import { normaliser } from './transform.js';

/** An augmented view of the picture, `[size, size, 3]`, normalised (SimCLR's augmentations as SLIP uses them). */
export function augmentedView(size: number, options: SimclrOptions = {}): MethodInput {
  const transform = simclrTransform(size, options);
  const write = normaliser();
  return {
    shape: [size, size, 3],
    dtype: 'float32',
    recipe: { maker: 'augmentedView', arguments: [size, options] },
    draw({ image }: { readonly image: RasterImage }, stream: Random) {
      const view = new Float32Array(size * size * 3);
      write(transform(image, stream), view, 0);
      return view;
    },
  };
}

/** Patches that stay when a fraction of `count` is dropped: at least one (arXiv:2212.00794, section 3). */
export const patchesKept = (count: number, dropped: number): number => Math.max(1, Math.floor(count * (1 - dropped)));

/** A random choice of `kept` of `count` patches, ascending, `[kept]` int32. */
export const keptPatches = (count: number, kept: number): MethodInput => ({
  shape: [kept],
  dtype: 'int32',
  recipe: { maker: 'keptPatches', arguments: [count, kept] },
  draw: (_example, stream) => stream.permutation(count).slice(0, kept).sort(),
});

/** All patches in random order, `[count]` int32: the first few stay, the others are hidden. */
export const shuffledPatches = (count: number): MethodInput => ({
  shape: [count],
  dtype: 'int32',
  recipe: { maker: 'shuffledPatches', arguments: [count] },
  draw: (_example, stream) => stream.permutation(count),
});

const MAKERS = { augmentedView, keptPatches, shuffledPatches };

/** True if `inputFrom` can follow the recipe. */
export const isKnownRecipe = (recipe: InputRecipe | undefined): recipe is InputRecipe =>
  recipe !== undefined && Object.hasOwn(MAKERS, recipe.maker);

/** The input that a recipe describes. @throws MedbenchError('plugin') for a maker that is not one of this package. */
export function inputFrom(recipe: InputRecipe): MethodInput {
  const { maker, arguments: values } = recipe;
  if (!isKnownRecipe(recipe)) throw new MedbenchError('plugin', `No input is made by "${maker}"`);
  const make = MAKERS[maker as keyof typeof MAKERS] as (...values: readonly unknown[]) => MethodInput;
  return make(...values);
}
