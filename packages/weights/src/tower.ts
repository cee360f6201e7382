import { type HostTensors, MedbenchError, type ParameterSpec, type Tower } from '@medbench/core';
import { belongsToTower, toOwnLayout } from './layouts.js';
import { checkWeights, fitImagePositions, readParts, requireFinite } from './load.js';
import type { WeightsSource } from './source.js';

/** Weights of one tower that fit it, by medbench's names. */
export interface LoadedTower {
  readonly tensors: HostTensors;
  /** Names of the parameters that the file lacks and may lack: those of the projection. */
  readonly missing: readonly string[];
  /** One sentence for each part of the file that was left out, and of the tower that it lacks. */
  readonly notes: readonly string[];
}

/** Parts of models of one tower that a dual encoder has no place for: poolers, and the heads of other tasks. */
const OTHER_HEADS = /^(bert\.pooler|pooler|cls|classifier|qa_outputs|lm_head|head|fc_norm|head_dist)\./;

/** Translations of the names of a file into those of a tower. `undefined` for a name of another part. */
type Translation = (name: string) => string | undefined;

/** The names that norms had in the first releases of BERT. */
const modernNorm = (name: string): string =>
  name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');

const within =
  (prefix: string): Translation =>
  (name) =>
    prefix + name;

const TRANSLATIONS: Readonly<Record<Tower, readonly Translation[]>> = {
  // medbench's and open_clip's own names; timm's, in open_clip's wrapper; an image tower without a prefix.
  image: [(name) => (belongsToTower(name, 'image') ? name : undefined), within('visual.trunk.'), within('visual.')],
  // Own names; BERT's, as a part of a model with a head or alone.
  text: [
    (name) => (belongsToTower(name, 'text') ? name : undefined),
    (name) => (name.startsWith('bert.') ? within('transformer.')(modernNorm(name).slice('bert.'.length)) : undefined),
    (name) => within('transformer.')(modernNorm(name)),
  ],
};

/** A parameter that takes a tower's output into the joint space: of CLIP, of BERT towers, of timm's in open_clip. */
const isProjection = (name: string): boolean =>
  /^(text_projection|proj\.([02]\.)?weight|visual\.proj|visual\.head\.proj\.weight)$/.test(name);

/** Renames the tensors of a file by the translation that finds most parameters of the tower. */
function translate(tensors: HostTensors, tower: Tower, expected: ReadonlySet<string>): HostTensors {
  const candidates = TRANSLATIONS[tower].map((translation) =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([name, tensor]) => {
        const translated = translation(name);
        // A norm before a classifier, in its head, is a part of the tower.
        const isLeftOut = translated === undefined || (OTHER_HEADS.test(name) && !expected.has(translated));
        return isLeftOut ? [] : [[translated, tensor] as const];
      }),
    ),
  );
  const matches = (renamed: HostTensors): number => Object.keys(renamed).filter((name) => expected.has(name)).length;
  return candidates.reduce((best, candidate) => (matches(candidate) > matches(best) ? candidate : best));
}

/**
 * Loads the weights of one tower: those of a BERT of Hugging Face (`bert.` or without a prefix, also with the norms'
 * first names), of timm, or that tower of a CLIP. Poolers and the heads of other tasks are left out; the projection into
 * the joint space may be missing.
 * @param specs the parameters of the tower, by their joint names.
 * @throws MedbenchError('weights') that lists the tensors that are missing, unexpected or of another shape.
 */
export async function loadTower(
  source: WeightsSource,
  specs: readonly ParameterSpec[],
  tower: Tower,
): Promise<LoadedTower> {
  const { tensors: all } = toOwnLayout(await readParts(source));
  requireFinite(all, source.file);
  const expected = new Set(specs.map(({ name }) => name));
  const tensors = translate(all, tower, expected);
  if (!Object.keys(tensors).some((name) => expected.has(name))) {
    const [first] = Object.keys(all);
    throw new MedbenchError('weights', `${source.file} holds no ${tower} tower of this kind; it holds ${first}`, {
      hint: `Choose an encoders.${tower} to match, or other weights.`,
    });
  }
  const resized = fitImagePositions(tensors, specs);
  const missing = specs.filter(({ name }) => !tensors[name] && isProjection(name)).map(({ name }) => name);
  checkWeights(
    tensors,
    specs.filter(({ name }) => !missing.includes(name)),
    source.file,
  );
  const leftOut = Object.keys(all).length - Object.keys(tensors).length;
  return {
    tensors,
    missing,
    notes: [
      ...resized,
      ...(leftOut > 0 ? [`${leftOut} tensors of other parts were left out`] : []),
      ...(missing.length > 0 ? [`drawn, because the file lacks them: ${missing.join(', ')}`] : []),
    ],
  };
}
