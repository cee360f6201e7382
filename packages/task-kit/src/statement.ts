const POSITIVE = new Set(['yes', 'true', 'present']);
const NEGATIVE = new Set(['no', 'false', 'none', 'absent']);

/**
 * Merges a question and its answer into one statement, for use as a caption. "is there a fracture?" and "no" become
 * "there is no fracture". Questions that fit no rule become "question: answer".
 */
export function toStatement(question: string, answer: string): string {
  const trimmedQuestion = question.trim().replace(/[?.\s]+$/, '');
  const trimmedAnswer = answer.trim().replace(/[.\s]+$/, '');
  const yes = POSITIVE.has(trimmedAnswer.toLowerCase());
  const no = NEGATIVE.has(trimmedAnswer.toLowerCase());
  if (yes || no) {
    const thereIs = /^(is|are|was|were) there (?:(an?|any|the) )?(.+)$/i.exec(trimmedQuestion);
    if (thereIs) {
      const [, verb = 'is', article, rest = ''] = thereIs;
      const thing = yes && article && article.toLowerCase() !== 'any' ? `${article} ${rest}` : rest;
      return `there ${verb.toLowerCase()} ${no ? 'no ' : ''}${thing}`;
    }
    const pronoun = /^(is|are|was|were) (this|these|that|it) (.+)$/i.exec(trimmedQuestion);
    if (pronoun) {
      const [, verb = 'is', subject = 'this', rest = ''] = pronoun;
      return `${subject.toLowerCase()} ${verb.toLowerCase()} ${no ? 'not ' : ''}${rest}`;
    }
  }
  return `${trimmedQuestion}: ${trimmedAnswer}`;
}
