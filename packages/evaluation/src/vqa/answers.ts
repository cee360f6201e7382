const NUMBER_WORDS = new Map(
  ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].map((word, i) => [
    word,
    `${i}`,
  ]),
);
NUMBER_WORDS.set('none', '0');

const ARTICLES = new Set(['a', 'an', 'the']);
const PUNCTUATION = [...';/[]"{}()=+\\_-><@`,?!'];

// Contractions written without an apostrophe: stems that take n't, and pronouns and question words with their endings.
const NEGATED = 'are ca could did does do had has have is might must need sha should was were wo would ai';
const ENDINGS: Readonly<Record<string, string>> = {
  ive: "i've",
  im: "i'm",
  youre: "you're",
  youve: "you've",
  youll: "you'll",
  theyre: "they're",
  theyve: "they've",
  theyll: "they'll",
  weve: "we've",
  hes: "he's",
  shes: "she's",
  thats: "that's",
  theres: "there's",
  whats: "what's",
  wheres: "where's",
  whos: "who's",
  hows: "how's",
};
const CONTRACTIONS = new Map([
  ...NEGATED.split(' ').map((stem): [string, string] => [`${stem}nt`, `${stem}n't`]),
  ...Object.entries(ENDINGS),
]);

/**
 * Normalises an answer for comparison, by the rules of the MEVF line of work (after the VQA v2 evaluation): punctuation
 * becomes a blank (or is removed, if the mark touches a blank or the answer has a comma between digits), dots are
 * removed unless a digit follows, letters become lower case, number words become digits, articles are removed,
 * contractions get their apostrophe, and `x ray` becomes `xray`.
 *
 * @param answer answer as in the file. Some answers of VQA-RAD are numbers.
 */
export function normaliseAnswer(answer: string | number): string {
  const original = String(answer);
  const splitsDigits = /\d,\d/.test(original);
  let text = original;
  for (const mark of PUNCTUATION) {
    const touchesBlank = original.includes(`${mark} `) || original.includes(` ${mark}`);
    text = text.replaceAll(mark, touchesBlank || splitsDigits ? '' : ' ');
  }
  const words = text
    .replace(/\.(?!\d)/g, '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => NUMBER_WORDS.get(word) ?? word)
    .filter((word) => !ARTICLES.has(word))
    .map((word) => CONTRACTIONS.get(word) ?? word);
  return words.join(' ').replaceAll('x ray', 'xray');
}

/** Answers that a head can give: the distinct normalised training answers, in order of first appearance. */
export interface AnswerVocabulary {
  readonly answers: readonly string[];
  readonly counts: Int32Array;
  /** Index of an answer, written as in the file; -1 if it is outside the vocabulary. */
  indexOf(answer: string | number): number;
}

/** Makes the vocabulary of training answers. Answers that occur fewer than `minCount` times are left out. */
export function answerVocabulary(answers: readonly (string | number)[], minCount = 1): AnswerVocabulary {
  const countByAnswer = new Map<string, number>();
  for (const answer of answers) {
    const normalised = normaliseAnswer(answer);
    countByAnswer.set(normalised, (countByAnswer.get(normalised) ?? 0) + 1);
  }
  const kept = [...countByAnswer].filter(([, count]) => count >= minCount);
  const index = new Map(kept.map(([answer], i) => [answer, i]));
  return {
    answers: kept.map(([answer]) => answer),
    counts: Int32Array.from(kept, ([, count]) => count),
    indexOf: (answer) => index.get(normaliseAnswer(answer)) ?? -1,
  };
}
