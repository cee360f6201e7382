import type { ResultCell } from '@medbench/core';

const SIDES = {
  train: 'the training split',
  val: 'the validation split',
  corpus: 'the training corpus',
  validation: 'the validation corpus',
} as const;

// The runner begins its notes about leaks with this word.
const LEAK = 'leak:';

/** Describes the leak counts of a cell, for cells without a note about them. */
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

/** Warnings about test images that training has seen, each once; empty if none were found or searched for. */
export function leakWarnings(cells: readonly ResultCell[]): string[] {
  const warnings = cells.flatMap((cell) => {
    const noted = (cell.notes ?? []).filter((note) => note.startsWith(LEAK));
    return noted.length > 0 ? noted : describeCounts(cell);
  });
  return [...new Set(warnings)].map((text) => `Warning, ${text}`);
}
