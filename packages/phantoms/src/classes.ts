import { random } from '@medbench/core';
import { type PhantomCase, streamCase } from './cases.js';
import { MODELS } from './modalities/index.js';
import type { Factors, PhantomModality } from './model.js';

/** How the classes of a task look on generated images: a modality and the number of classes. */
export interface ClassLook {
  readonly modality: PhantomModality;
  readonly classes: number;
  /** Whether two classes differ in the focal finding rather than in the whole image. Default false. */
  readonly focal?: boolean;
}

const NO_FINDING: Factors = { finding: 'none', side: 'none', size: 'none', level: 'none' };

/**
 * The example at `index` of a named stream, drawn to show class `label` of `look.classes`. Each class has its own
 * combination of the modality's visible factors; global factors are used first. All other factors vary as in any case.
 * @throws RangeError if the modality's factors cannot distinguish that many classes.
 */
export function classCase(seed: number, stream: string, index: number, label: number, look: ClassLook): PhantomCase {
  const { factors, rare } = MODELS[look.modality];
  const draw = random(seed, stream, index, 'class');
  const fixed: Record<string, string> = { [rare.name]: 'absent' };
  let rest = label;
  let classes = look.classes;
  if (!(look.focal && classes === 2)) {
    for (const { name, scope, values } of factors) {
      if (scope !== 'global' || classes === 1) continue;
      fixed[name] = values[rest % values.length]!;
      rest = Math.floor(rest / values.length);
      classes = Math.ceil(classes / values.length);
    }
  }
  if (classes > 1) Object.assign(fixed, focalFactors(look.modality, rest, classes, draw));
  return streamCase(seed, stream, index, look.modality, fixed);
}

/**
 * The factors of focal class `index`: class 0 has no finding, the next classes have the kinds of finding, the last may
 * have the rare finding. With more than three classes, a class is a kind of finding on one side.
 */
function focalFactors(
  modality: PhantomModality,
  index: number,
  classes: number,
  draw: { pick<T>(items: readonly T[]): T },
): Factors {
  const { factors, rare } = MODELS[modality];
  const kinds = factors.find(({ name }) => name === 'finding')!.values.slice(1);
  const sided = classes > kinds.length + 1;
  const variants = sided ? kinds.flatMap((_, i) => kinds.map((kind, j) => [kind, (i + j) % 2] as const)) : kinds;
  if (classes > variants.length + 2)
    throw new RangeError(`${modality} phantoms cannot show ${classes} kinds of finding`);
  if (index === 0) return NO_FINDING;
  const variant = variants[index - 1];
  if (variant === undefined) return { ...NO_FINDING, [rare.name]: 'present' };
  const [finding, side] = typeof variant === 'string' ? [variant, draw.pick([0, 1])] : variant;
  return {
    finding,
    side: ['left', 'right'][side]!,
    size: sided ? 'large' : draw.pick(['small', 'large']),
    level: draw.pick(['upper', 'lower']),
  };
}
