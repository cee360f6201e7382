import type { ResultCell } from '@medbench/core';

const SIDES = { train: 'the training split', val: 'the validation split', corpus: 'the training corpus' } as const;

// As the runner begins the notes of a search that found something.
const LEAK = 'leak:';

/** Made of the counts, for cells whose notes do not say it. */
function describeCounts({ leaks = [] }: ResultCell): string[] {
  return leaks.flatMap(({ of: side, groups, identical, near }) => {
    const phrases = [
      ...(identical > 0 ? [`${identical} pixel for pixel`] : []),
      ...(near > 0 ? [`${near} in all but encoding`] : []),
      ...(groups ? [`${groups} by showing a patient, lesion or slide of it`] : []),
    ];
    return phrases.length > 0 ? [`${LEAK} ${SIDES[side]} has seen test images: ${phrases.join(', ')}`] : [];
  });
}

/** Warnings about test images that training has seen, each once; none where nothing was found or searched. */
export function leakWarnings(cells: readonly ResultCell[]): string[] {
  const warnings = cells.flatMap((cell) => {
    const noted = (cell.notes ?? []).filter((note) => note.startsWith(LEAK));
    return noted.length > 0 ? noted : describeCounts(cell);
  });
  return [...new Set(warnings)].map((text) => `Warning, ${text}`);
}
