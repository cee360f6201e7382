/**
 * Cleans a question as the MEVF line of work does: lower case, marks such as `? -yes/no` and `? -open` at its end
 * stripped, commas, question marks and dots removed, `'s` set apart, `x ray` to `x-ray`.
 */
export function cleanQuestion(question: string): string {
  return question
    .toLowerCase()
    .replace(/\?? ?- ?(yes\/no|open)\s*$/, '')
    .replace(/[,?.…]/g, '')
    .replaceAll("'s", " 's")
    .replaceAll('x ray', 'x-ray')
    .replace(/\s+/g, ' ')
    .trim();
}
