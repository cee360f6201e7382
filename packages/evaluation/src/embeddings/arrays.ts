import type { ProtocolId } from '@medbench/core';

/** Images of these names are embedded for classification and retrieval, and `all` for questions about images. */
const SPLITS = ['train', 'val', 'test'] as const;
const TEXTS = { prompts: 'zero-shot', captions: 'retrieval' } as const satisfies Record<string, ProtocolId>;

/** Every array that a protocol asks for. */
const KNOWN: ReadonlySet<string> = new Set([
  ...[...SPLITS, 'all'].flatMap((split) => [`${split}.images`, `${split}.features`]),
  ...[...Object.keys(TEXTS), 'questions'].map((name) => `${name}.texts`),
]);

export const HOW = 'medbench embed --inputs writes the images and texts that each array stands for.';
export const NEEDS =
  'Zero-shot takes test.images and prompts.texts; the linear probe train, val and test, .features or .images; ' +
  `retrieval test.images and captions.texts; questions all.images and questions.texts. ${HOW}`;

/** What the arrays in a folder are good for. */
export interface Contents {
  /** Protocols of which an array is there that no other needs: one that is half there was meant, and is not left out. */
  readonly protocols: readonly ProtocolId[];
  /** The arrays of which the probe is made: where one split has features, all must. */
  readonly probed: 'features' | 'images';
  readonly can: { readonly images: boolean; readonly texts: boolean; readonly joint: boolean };
  /** What a reader must know. */
  readonly notes: readonly string[];
}

/** @param names the arrays of a folder, such as `test.images`. */
export function readContents(names: ReadonlySet<string>): Contents {
  const any = (...all: string[]) => all.some((name) => names.has(name));
  const both = (of: string) => [`${of}.images`, `${of}.features`];
  const joint = Object.entries(TEXTS).flatMap(([name, protocol]) => (any(`${name}.texts`) ? [protocol] : []));
  const probe = any(...both('train'), ...both('val'));
  const questions = any(...both('all'), 'questions.texts');
  const probed = any(...SPLITS.map((split) => `${split}.features`)) ? 'features' : 'images';
  const strange = [...names].filter((name) => !KNOWN.has(name)).sort();
  return {
    protocols: [...joint, ...(probe ? (['linear-probe'] as const) : []), ...(questions ? (['vqa'] as const) : [])],
    probed,
    can: {
      images: [...names].some((name) => /\.(images|features)$/.test(name)),
      texts: [...names].some((name) => name.endsWith('.texts')),
      joint: joint.length > 0,
    },
    notes: [
      ...(probe && probed === 'images' ? ['probe on joint embeddings: no features given'] : []),
      ...(probe && joint.length === 0 ? ['no prompts.texts given: zero-shot is left out'] : []),
      ...(strange.length > 0 ? [`not read, for no protocol has such an array: ${strange.join('.npy, ')}.npy`] : []),
    ],
  };
}
