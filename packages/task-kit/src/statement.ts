const POSITIVE = new Set(['yes', 'true', 'present']);
const NEGATIVE = new Set(['no', 'false', 'none', 'absent']);

/**
 * One sentence that says what a question and its answer say together, for use as a caption.
 * "is there a fracture?" and "no" become "there is no fracture"; what fits no rule becomes "question: answer".
 */
export function toStatement(question: string, answer: string): string {
  const asked = question.trim().replace(/[?.\s]+$/, '');
  const said = answer.trim().replace(/[.\s]+$/, '');
  const yes = POSITIVE.has(said.toLowerCase());
  const no = NEGATIVE.has(said.toLowerCase());
  if (yes || no) {
    const there = /^(is|are|was|were) there (?:(an?|any|the) )?(.+)$/i.exec(asked);
    if (there) {
      const [, verb = 'is', article, rest = ''] = there;
      const thing = yes && article && article.toLowerCase() !== 'any' ? `${article} ${rest}` : rest;
      return `there ${verb.toLowerCase()} ${no ? 'no ' : ''}${thing}`;
    }
    const pronoun = /^(is|are|was|were) (this|these|that|it) (.+)$/i.exec(asked);
    if (pronoun) {
      const [, verb = 'is', subject = 'this', rest = ''] = pronoun;
      return `${subject.toLowerCase()} ${verb.toLowerCase()} ${no ? 'not ' : ''}${rest}`;
    }
  }
  return `${asked}: ${said}`;
}
