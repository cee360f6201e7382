import type { ProtocolId } from '@medbench/core';

/** Names of the image sets of classification and retrieval. Questions about images have one set, `all`. */
const SPLITS = ['train', 'val', 'test'] as const;
const TEXTS = { prompts: 'zero-shot', captions: 'retrieval' } as const satisfies Record<string, ProtocolId>;

/** Names of all arrays that a protocol may ask for, but those of corrupted images. */
const KNOWN: ReadonlySet<string> = new Set([
  ...[...SPLITS, 'all'].flatMap((split) => [`${split}.images`, `${split}.features`]),
  ...[...Object.keys(TEXTS), 'questions'].map((name) => `${name}.texts`),
]);
/** Arrays of the images of a split under a condition, such as `test-contrast-3-224.images`. */
const CORRUPTED = /^(?:test|val)-[a-z-]+(?:-[1-5])?-\d+\.(images|features)$/;

export const INPUTS_HINT = 'medbench embed --inputs writes the images and texts to embed for each array.';
export const NEEDED_ARRAYS =
  'Zero-shot needs test.images and prompts.texts; the linear probe .features or .images of train, val and test; ' +
  `retrieval test.images and captions.texts; questions all.images and questions.texts. ${INPUTS_HINT}`;

/**
 * Protocols that measure the same arrays as another one. A run has them if they are turned on.
 */
const ALSO: Readonly<Partial<Record<ProtocolId, readonly ProtocolId[]>>> = {
  'zero-shot': ['prompt-sensitivity'],
  'linear-probe': ['knn', 'simple-shot'],
};

/** The protocols and inputs that the arrays in a folder allow. */
export interface ArrayContents {
  /**
   * Protocols with at least one array in the folder that no other protocol uses. A protocol with only some of its
   * arrays is listed: its author meant to provide it, so measuring it must fail instead of being skipped.
   */
  readonly protocols: readonly ProtocolId[];
  /** Kind of array that the linear probe reads. If one split has features, every split must have them. */
  readonly probeInput: 'features' | 'images';
  readonly can: { readonly images: boolean; readonly texts: boolean; readonly joint: boolean };
  /** Remarks for the reader of the results. */
  readonly notes: readonly string[];
}

/**
 * Finds out what the arrays of a folder can be used for.
 * @param names names of the arrays, such as `test.images`.
 */
export function readContents(names: ReadonlySet<string>): ArrayContents {
  const hasAny = (...candidates: string[]) => candidates.some((name) => names.has(name));
  const imageArrays = (split: string) => [`${split}.images`, `${split}.features`];
  const joint = Object.entries(TEXTS).flatMap(([name, protocol]) => (hasAny(`${name}.texts`) ? [protocol] : []));
  const probe = hasAny(...imageArrays('train'), ...imageArrays('val'));
  const corrupted = [...names].filter((name) => CORRUPTED.test(name));
  const questions = hasAny(...imageArrays('all'), 'questions.texts');
  const probeInput = hasAny(...SPLITS.map((split) => `${split}.features`)) ? 'features' : 'images';
  const unknown = [...names].filter((name) => !KNOWN.has(name) && !CORRUPTED.test(name)).sort();
  const own = [...joint, ...(probe ? ['linear-probe'] : []), ...(questions ? ['vqa'] : [])];
  return {
    protocols: [
      ...own.flatMap((protocol) => [protocol, ...(ALSO[protocol] ?? [])]),
      ...(joint.includes('zero-shot') && corrupted.length > 0 ? ['zero-shot-corruptions'] : []),
      ...(probe && corrupted.length > 0 ? ['linear-probe-corruptions'] : []),
    ],
    probeInput,
    can: {
      images: [...names].some((name) => /\.(images|features)$/.test(name)),
      texts: [...names].some((name) => name.endsWith('.texts')),
      joint: joint.length > 0,
    },
    notes: [
      ...(probe && probeInput === 'images' ? ['the linear probe uses joint embeddings: no features given'] : []),
      ...(probe && joint.length === 0 ? ['no prompts.texts given: zero-shot is skipped'] : []),
      ...(unknown.length > 0 ? [`ignored, because no protocol uses such an array: ${unknown.join('.npy, ')}.npy`] : []),
    ],
  };
}
