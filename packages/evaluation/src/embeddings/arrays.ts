import type { ProtocolId } from '@medbench/core';

/** Names of the image sets of classification and retrieval. Questions about images have one set, `all`. */
const SPLITS = ['train', 'val', 'test'] as const;
const TEXTS = { prompts: 'zero-shot', captions: 'retrieval' } as const satisfies Record<string, ProtocolId>;

/** Names of all arrays that a protocol may ask for. */
const KNOWN: ReadonlySet<string> = new Set([
  ...[...SPLITS, 'all'].flatMap((split) => [`${split}.images`, `${split}.features`]),
  ...[...Object.keys(TEXTS), 'questions'].map((name) => `${name}.texts`),
]);

export const INPUTS_HINT = 'medbench embed --inputs writes the images and texts to embed for each array.';
export const NEEDED_ARRAYS =
  'Zero-shot needs test.images and prompts.texts; the linear probe .features or .images of train, val and test; ' +
  `retrieval test.images and captions.texts; questions all.images and questions.texts. ${INPUTS_HINT}`;

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
  const questions = hasAny(...imageArrays('all'), 'questions.texts');
  const probeInput = hasAny(...SPLITS.map((split) => `${split}.features`)) ? 'features' : 'images';
  const unknown = [...names].filter((name) => !KNOWN.has(name)).sort();
  return {
    protocols: [...joint, ...(probe ? (['linear-probe'] as const) : []), ...(questions ? (['vqa'] as const) : [])],
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
