import { type Backend, isMedbenchError } from '@medbench/core';
import { entriesOfKind, findEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import type { Config } from '@medbench/runner';
import type { SmallerTowers } from './record.js';

/** Images, and texts, of a timed batch: enough for a rate, few enough for towers of any size. */
const BATCH = 4;

/** Seconds that the towers of a run take to embed one image, and one text. */
export interface ForwardTimes {
  readonly image: number;
  readonly text: number;
  /** Side of the images in pixels. */
  readonly imageSize: number;
}

/**
 * Times the two towers on a few examples: the second of two passes. It decides how large a sample of the work is.
 * @throws MedbenchError if the towers cannot be built or the backend cannot run them.
 */
export async function timeForward(
  { encoders, model: settings }: Pick<Config, 'encoders' | 'model'>,
  registry: Registry,
  backend: Backend,
): Promise<ForwardTimes> {
  const [{ buildModel, TOWER_INPUT, towerInput, towerProgram, towerWeights }, { initialise }] = await Promise.all([
    import('@medbench/training'),
    import('@medbench/nn'),
  ]);
  const [image, text] = await Promise.all([
    registry.get('encoder', encoders.image),
    registry.get('encoder', encoders.text),
  ]);
  const { model } = await buildModel({ image, text, model: settings });
  const weights = initialise(model.parameters, 0);
  const time = async (tower: 'image' | 'text'): Promise<number> => {
    const spec = towerInput(model, tower, BATCH);
    const length = spec.shape.reduce((product, side) => product * side, 1);
    const data = tower === 'image' ? new Float32Array(length) : new Int32Array(length).fill(1);
    const session = await backend.load(towerProgram(model, tower, BATCH), towerWeights(model, tower, weights), {
      fixed: true,
    });
    try {
      const input = { [TOWER_INPUT[tower]]: { ...spec, data } };
      await session.step(input);
      const began = performance.now();
      await session.step(input);
      return (performance.now() - began) / 1000 / BATCH;
    } finally {
      await session.dispose();
    }
  };
  return { image: await time('image'), text: await time('text'), imageSize: model.image.imageSize };
}

/** Seconds of the forward pass of one pair. */
export const pairOf = ({ image, text }: ForwardTimes): number => image + text;

/** Share of the time that a smaller tower takes at most: one that saves less is no way out. */
const MUCH_SMALLER = 0.7;

/**
 * Times the other image encoders of the package that the plan's is from.
 * @returns those that are much faster than `own`, the slowest first.
 */
export async function timeSmaller(
  { encoders, model }: Pick<Config, 'encoders' | 'model'>,
  { registry, backend, own }: { readonly registry: Registry; readonly backend: Backend; readonly own: ForwardTimes },
): Promise<SmallerTowers[]> {
  const { package: origin } = findEntry(registry.catalogue, 'encoder', encoders.image);
  const found: SmallerTowers[] = [];
  for (const { id, package: other } of entriesOfKind(registry.catalogue, 'encoder')) {
    if (other.name !== origin.name || id === encoders.image) continue;
    try {
      const times = await timeForward({ encoders: { ...encoders, image: id }, model }, registry, backend);
      const share = pairOf(times) / pairOf(own);
      if (share <= MUCH_SMALLER) found.push({ image: id, share });
    } catch (error) {
      // An encoder of texts, or one that cannot be built with these settings, is no way out.
      if (!isMedbenchError(error)) throw error;
    }
  }
  return found.sort((a, b) => b.share - a.share);
}
