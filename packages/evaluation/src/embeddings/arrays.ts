import type { ProtocolId } from '@medbench/core';

/** Images of these names are embedded for classification and retrieval, and `all` for questions about images. */
const SPLITS = ['train', 'val', 'test'] as const;
const TEXTS = { prompts: 'zero-shot', captions: 'retrieval' } as const satisfies Record<string, ProtocolId>;

/** Every array that a protocol asks for. */
const KNOWN: ReadonlySet<string> = new Set([
  ...[...SPLITS, 'all'].flatMap((split) => [`${split}.images`, `${split}.features`]),
  ...[...Object.keys(TEXTS), 'questions'].map((name) => `${name}.texts`),
]);

export const INPUTS_HINT = 'medbench embed --inputs writes the images and texts that each array stands for.';
export const NEEDED_ARRAYS =
  'Zero-shot takes test.images and prompts.texts; the linear probe train, val and test, .features or .images; ' +
  `retrieval test.images and captions.texts; questions all.images and questions.texts. ${INPUTS_HINT}`;

/** What the arrays in a folder are good for. */
export interface ArrayContents {
  /** Protocols of which an array is there that no other needs: one that is half there was meant, and is not left out. */
  readonly protocols: readonly ProtocolId[];
  /** The arrays of which the probe is made: where one split has features, all must. */
  readonly probeInput: 'features' | 'images';
  readonly can: { readonly images: boolean; readonly texts: boolean; readonly joint: boolean };
  /** What a reader must know. */
  readonly notes: readonly string[];
}

/** @param names the arrays of a folder, such as `test.images`. */
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
      ...(probe && probeInput === 'images' ? ['probe on joint embeddings: no features given'] : []),
      ...(probe && joint.length === 0 ? ['no prompts.texts given: zero-shot is left out'] : []),
      ...(unknown.length > 0 ? [`not read, for no protocol has such an array: ${unknown.join('.npy, ')}.npy`] : []),
    ],
  };
}
