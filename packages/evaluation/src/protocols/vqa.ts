import type { EvaluationModel, MetricValue, RasterImage, Source, TaskResult, TestExamples } from '@medbench/core';
import { MedbenchError, NO_PROFILE } from '@medbench/core';
import { sampledLabels } from '../gallery/sampled.js';
import { checkVectors } from '../numerics/matrix.js';
import { bootstrapIntervals, proportionInterval } from '../statistics/bootstrap.js';
import type { AnswerVocabulary } from '../vqa/answers.js';
import { answerVocabulary, normaliseAnswer } from '../vqa/answers.js';
import { fitVqaHead, vqaFeatures } from '../vqa/head.js';
import { cleanQuestion } from '../vqa/questions.js';
import { type MeasureOptions, VQA_SETTINGS, type VqaSettings, withDefaults } from './settings.js';
import { requireTestSplit } from './validation.js';

/** A question about an image, with its answer. */
export interface VqaExample {
  /** Index of the image that the question is about. */
  readonly image: number;
  readonly question: string;
  readonly answer: string | number;
  readonly type: 'open' | 'closed';
}

/** Data that tasks of kind `vqa` give to their protocols. */
export interface VqaData {
  /** All images, each once, however many questions are about it. */
  readonly images: Source<RasterImage>;
  readonly train: readonly VqaExample[];
  readonly test: readonly VqaExample[];
  /** Answers that occur in fewer training questions than this are left out of the vocabulary. Default 1. */
  readonly minAnswerCount?: number;
  /** Whether notes may quote answers. Default true. */
  readonly quote?: boolean;
}

const TYPES = ['open', 'closed'] as const;

/** Test questions as a gallery shows them. Answers are given by their index in the vocabulary of `measureVqa`. */
export const vqaExamples = ({ images, train, test, minAnswerCount }: VqaData): TestExamples => ({
  images,
  texts: answerVocabulary(
    train.map(({ answer }) => answer),
    minAnswerCount,
  ).answers,
  example(index) {
    const { image, question, answer } = test[index]!;
    return { image, question, answer: String(answer) };
  },
});

/**
 * Embeds images and questions, as far as the model can.
 * @returns a function that returns the features of a range of questions: the training questions come first, then the
 * test questions.
 */
async function embedQuestions(model: EvaluationModel, data: VqaData) {
  const examples = [...data.train, ...data.test];
  const images = model.can.images
    ? checkVectors(await model.embedImages(data.images, 'all'), data.images.length, 'image embeddings', model.id)
    : undefined;
  const index = new Map<string, number>();
  const textIndices = Int32Array.from(examples, ({ question }) => {
    const text = cleanQuestion(question);
    if (!index.has(text)) index.set(text, index.size);
    return index.get(text)!;
  });
  const texts = model.can.texts
    ? checkVectors(await model.embedTexts([...index.keys()], 'questions'), index.size, 'question embeddings', model.id)
    : undefined;
  const imageIndices = Int32Array.from(examples, ({ image }) => image);
  return (from: number, to: number) =>
    vqaFeatures(
      images && { vectors: images, indices: imageIndices.subarray(from, to) },
      texts && { vectors: texts, indices: textIndices.subarray(from, to) },
    );
}

function vocabularyNotes(vocabulary: AnswerVocabulary, data: VqaData, quote: boolean): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const perType = TYPES.map((type) => {
    const counts = new Map<string, number>();
    for (const { answer } of data.train.filter((example) => example.type === type)) {
      counts.set(normaliseAnswer(answer), (counts.get(normaliseAnswer(answer)) ?? 0) + 1);
    }
    const [majority] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ['', 0]);
    const ofType = data.test.filter((example) => example.type === type);
    const right = ofType.filter(({ answer }) => normaliseAnswer(answer) === majority).length;
    return ofType.length === 0
      ? undefined
      : `${type}${quote ? ` "${majority}"` : ''} ${percent(right / ofType.length)}`;
  }).filter((note) => note !== undefined);
  const covered = data.test.filter(({ answer }) => vocabulary.indexOf(answer) >= 0).length;
  return [
    `${vocabulary.answers.length} answers cover ${covered} of ${data.test.length} test questions: accuracy is at most ${percent(covered / data.test.length)}`,
    `always answering the most common training answer: ${perType.join(', ')}`,
  ];
}

/** Questions with the answers that a classifier chooses from. */
export interface PreparedVqa {
  /** Answers of the training questions. */
  readonly vocabulary: AnswerVocabulary;
  /** Training questions whose answers are in the vocabulary. */
  readonly train: readonly VqaExample[];
  /** Index of the answer of each of them. */
  readonly targets: Int32Array;
}

/**
 * Checks questions, and lists the answers of the training questions.
 * @throws MedbenchError if a split is empty, an image index is out of range, or no answer is common enough.
 */
export function prepareVqa(
  { images, train, test, minAnswerCount }: VqaData,
  options: Pick<MeasureOptions, 'split'>,
): PreparedVqa {
  requireTestSplit(options, 'VQA');
  if (train.length === 0 || test.length === 0) {
    throw new MedbenchError('data', `${train.length} training and ${test.length} test questions: neither may be empty`);
  }
  const questions = [...train, ...test];
  const invalid = questions.findIndex(({ image }) => !(image >= 0 && image < images.length));
  if (invalid >= 0) {
    // The question is named by its index, because its text may be under a use agreement.
    const questionName =
      invalid < train.length ? `training question ${invalid}` : `test question ${invalid - train.length}`;
    throw new MedbenchError(
      'data',
      `${questionName} names image ${questions[invalid]!.image}, but there are only ${images.length} images`,
    );
  }
  const vocabulary = answerVocabulary(
    train.map(({ answer }) => answer),
    minAnswerCount,
  );
  const answerIndices = train.map(({ answer }) => vocabulary.indexOf(answer));
  const kept = Int32Array.from(answerIndices.keys()).filter((i) => answerIndices[i]! >= 0);
  if (kept.length === 0) {
    throw new MedbenchError('config', `no training answer occurs ${minAnswerCount} times`, {
      hint: 'lower minAnswerCount',
    });
  }
  return {
    vocabulary,
    train: Array.from(kept, (i) => train[i]!),
    targets: kept.map((i) => answerIndices[i]!),
  };
}

/**
 * The result of predicted answers. Metrics are `accuracy` (primary), `accuracy_open`, `accuracy_closed` and `ceiling`,
 * the share of test answers that are in the vocabulary. A test answer outside the vocabulary counts as wrong. Intervals
 * resample images with all their questions, because questions about one image are not independent.
 * @param predicted index in the vocabulary for each test question.
 * @param notes how the answers came about. Notes on the vocabulary follow it.
 */
export function vqaResult(
  protocol: string,
  predicted: Int32Array,
  { vocabulary }: Pick<PreparedVqa, 'vocabulary'>,
  data: VqaData,
  { seed, profile = NO_PROFILE }: Pick<MeasureOptions, 'seed' | 'profile'>,
  notes: readonly string[],
): TaskResult {
  const { test } = data;
  const perExample: number[] = test.map(({ answer }, i) => (vocabulary.indexOf(answer) === predicted[i] ? 1 : 0));

  const groups = Int32Array.from(test, ({ image }) => image);
  const subsets = [undefined, ...TYPES].map((type) =>
    Int32Array.from(test.keys()).filter((i) => type === undefined || test[i]!.type === type),
  );
  const intervals = profile.span('statistics', () =>
    bootstrapIntervals(
      test.length,
      (counts) =>
        subsets.map((subset) => {
          let right = 0;
          let size = 0;
          for (const i of subset) {
            right += counts[i]! * perExample[i]!;
            size += counts[i]!;
          }
          return right / size;
        }),
      { seed, groups },
    ),
  );
  const metrics: Record<string, MetricValue> = {};
  ['accuracy', 'accuracy_open', 'accuracy_closed'].forEach((name, s) => {
    const hits = Array.from(subsets[s]!, (i) => perExample[i]!);
    if (hits.length === 0) return;
    const ofSubset = subsets[s]!.map((i) => groups[i]!);
    metrics[name] = {
      value: hits.reduce((sum, hit) => sum + hit, 0) / hits.length,
      ci95: proportionInterval(hits, intervals[s]!, ofSubset),
    };
  });
  // The highest accuracy that a head over this vocabulary can reach.
  const covered = test.map(({ answer }) => (vocabulary.indexOf(answer) >= 0 ? 1 : 0));
  const share = covered.filter((hit) => hit === 1).length / test.length;
  metrics.ceiling = { value: share, ci95: [share, share] };
  return {
    protocol,
    metric: 'accuracy',
    metrics,
    n: test.length,
    perExample,
    groups: [...groups],
    predictions: [...predicted],
    sampled: [sampledLabels(predicted, perExample)],
    notes: [...notes, ...vocabularyNotes(vocabulary, data, data.quote ?? true)],
  };
}

/**
 * Measures visual question answering as answer classification on frozen embeddings: a small head on [u, w, u ⊙ w]
 * chooses among the normalised training answers (see `fitVqaHead`, `vqaResult`).
 *
 * @returns undefined if the model embeds neither images nor texts.
 * @throws MedbenchError if a split is empty, an image index is out of range, or an embedding is not finite.
 */
export async function measureVqa(
  model: EvaluationModel,
  data: VqaData,
  options: MeasureOptions<VqaSettings>,
): Promise<TaskResult | undefined> {
  if (!(model.can.images || model.can.texts)) return undefined;
  const prepared = prepareVqa(data, options);
  const { vocabulary, train, targets } = prepared;
  const features = await embedQuestions(model, { ...data, train });
  const chosen = { ...withDefaults<VqaSettings>(VQA_SETTINGS, options.settings), seed: options.seed };
  const head = fitVqaHead(features(0, train.length), targets, vocabulary.answers.length, chosen);
  const predicted = head.predict(features(train.length, train.length + data.test.length));
  const inputs =
    model.can.images && model.can.texts
      ? 'image, question and product'
      : model.can.images
        ? 'image only'
        : 'question only';
  return vqaResult('vqa', predicted, prepared, data, options, [`frozen-embedding head (${inputs}): ${head.note}`]);
}
