import { random } from '@medbench/core';
import { type PhantomCase, streamCase } from './cases.js';
import { MODELS } from './modalities/index.js';
import type { Factors, PhantomModality } from './model.js';

/** What stands for the classes of a task on generated images. */
export interface ClassLook {
  readonly modality: PhantomModality;
  readonly classes: number;
  /** With two classes: whether the focal finding tells them apart, rather than the whole image. Default false. */
  readonly focal?: boolean;
}

const NO_FINDING: Factors = { finding: 'none', side: 'none', size: 'none', level: 'none' };

/**
 * The example at `index` of a named stream that shows class `label` of `look.classes`. Each class has its own combination
 * of the modality's visible factors, those of the whole image first; all others vary as they do anywhere.
 * @throws RangeError if the modality's factors cannot tell that many classes apart.
 */
export function classCase(seed: number, stream: string, index: number, label: number, look: ClassLook): PhantomCase {
  const { factors, rare } = MODELS[look.modality];
  const draw = random(seed, stream, index, 'class');
  const given: Record<string, string> = { [rare.name]: 'absent' };
  let rest = label;
  let classes = look.classes;
  if (!(look.focal && classes === 2)) {
    for (const { name, scope, values } of factors) {
      if (scope !== 'global' || classes === 1) continue;
      given[name] = values[rest % values.length]!;
      rest = Math.floor(rest / values.length);
      classes = Math.ceil(classes / values.length);
    }
  }
  if (classes > 1) Object.assign(given, focalFactors(look.modality, rest, classes, draw));
  return streamCase(seed, stream, index, look.modality, given);
}

/** Nothing, the first and the second kind of finding; then those kinds on either side; then the rare finding. */
function focalFactors(
  modality: PhantomModality,
  at: number,
  classes: number,
  draw: { pick<T>(items: readonly T[]): T },
): Factors {
  const { factors, rare } = MODELS[modality];
  const kinds = factors.find(({ name }) => name === 'finding')!.values.slice(1);
  const sided = classes > kinds.length + 1;
  const looks = sided ? kinds.flatMap((_, i) => kinds.map((kind, j) => [kind, (i + j) % 2] as const)) : kinds;
  if (classes > looks.length + 2) throw new RangeError(`${modality} phantoms cannot show ${classes} kinds of finding`);
  if (at === 0) return NO_FINDING;
  const shown = looks[at - 1];
  if (shown === undefined) return { ...NO_FINDING, [rare.name]: 'present' };
  const [finding, side] = typeof shown === 'string' ? [shown, draw.pick([0, 1])] : shown;
  return {
    finding,
    side: ['left', 'right'][side]!,
    size: sided ? 'large' : draw.pick(['small', 'large']),
    level: draw.pick(['upper', 'lower']),
  };
}
