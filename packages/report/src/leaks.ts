import type { ResultCell } from '@medbench/core';

const SIDES = { train: 'the training split', val: 'the validation split', corpus: 'the training corpus' } as const;

// As the runner begins the notes of a search that found something.
const LEAK = 'leak:';

/** Made of the counts, for cells whose notes do not say it. */
function sentences({ leaks = [] }: ResultCell): string[] {
  return leaks.flatMap(({ of, groups, identical, near }) => {
    const parts = [
      ...(identical > 0 ? [`${identical} pixel for pixel`] : []),
      ...(near > 0 ? [`${near} in all but encoding`] : []),
      ...(groups ? [`${groups} by showing a patient, lesion or slide of it`] : []),
    ];
    return parts.length > 0 ? [`${LEAK} ${SIDES[of]} has seen test images: ${parts.join(', ')}`] : [];
  });
}

/** Warnings about test images that training has seen, each once; none where nothing was found or searched. */
export function leakWarnings(cells: readonly ResultCell[]): string[] {
  const found = cells.flatMap((cell) => {
    const noted = (cell.notes ?? []).filter((note) => note.startsWith(LEAK));
    return noted.length > 0 ? noted : sentences(cell);
  });
  return [...new Set(found)].map((text) => `Warning, ${text}`);
}
