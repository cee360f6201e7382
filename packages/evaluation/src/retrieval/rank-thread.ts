import { type Backend, errorMessage, isMedbenchError, MedbenchError } from '@medbench/core';
import { importModule } from '@medbench/data';
import { roundUp } from '../kernels/instantiate.js';
import { CONTROL, type RankAnswer, type RankJob } from './rank-threads.js';
import { type IndexRange, type ScoreBlocks, scoreBlocks } from './score-blocks.js';
import { countWrongAnswers } from './wrong-answers.js';

/** Number of images and of texts of a block. Its scores take 1 MiB, which fits into a core's second cache. */
const SIDE = 512;
/** Most images that a thread takes at once. It keeps a copy of their rows. */
const MOST_IMAGES = 8 * SIDE;

async function loadBackend({ url, export: name }: RankJob['backend']): Promise<Backend> {
  const Kind = ((await importModule(url)) as Record<string, unknown>)[name];
  if (typeof Kind !== 'function') throw new MedbenchError('plugin', `${url} does not export the backend ${name}`);
  return new (Kind as new () => Backend)();
}

const isStopped = (control: Int32Array): boolean => Atomics.load(control, CONTROL.stop) !== 0;

/**
 * Takes images until no thread has any left to take: many at first, because the texts are then copied less often, and a
 * single block in the end, so that the threads finish at about the same time.
 */
function* takeImages({ problem, control, threads }: RankJob): Generator<IndexRange> {
  const { rows } = problem.images;
  for (;;) {
    const from = Atomics.load(control, CONTROL.next);
    if (from >= rows || isStopped(control)) return;
    const taken = Math.min(MOST_IMAGES, roundUp(SIDE, (rows - from) / (2 * threads)));
    if (Atomics.compareExchange(control, CONTROL.next, from, from + taken) === from) {
      yield { from, count: Math.min(taken, rows - from) };
    }
  }
}

/** Leaves the remaining blocks out once the threads must stop. */
const stoppable = (scores: ScoreBlocks, control: Int32Array): ScoreBlocks => ({
  ...scores,
  async *blocks(range) {
    for await (const block of scores.blocks(range)) {
      if (isStopped(control)) return;
      yield block;
    }
  },
});

async function count(job: RankJob): Promise<Int32Array> {
  const { problem, control, ofImages } = job;
  const ofTexts = new Int32Array(problem.texts.rows);
  const backend = await loadBackend(job.backend);
  const scores = await scoreBlocks(problem.images, problem.texts, { backend, threads: 1, side: SIDE });
  try {
    await countWrongAnswers(problem, stoppable(scores, control), takeImages(job), { ofImages, ofTexts });
  } finally {
    await scores.close();
  }
  return ofTexts;
}

/** Does a thread's part of a job. See rank-threads.ts. */
export async function rankOnThread(job: RankJob): Promise<RankAnswer> {
  const { control } = job;
  Atomics.add(control, CONTROL.busy, 1);
  try {
    if (isStopped(control)) return { failed: 'it was stopped', hint: undefined };
    return { ofTexts: await count(job) };
  } catch (error) {
    return { failed: errorMessage(error), hint: isMedbenchError(error) ? error.hint : undefined };
  } finally {
    Atomics.sub(control, CONTROL.busy, 1);
    Atomics.notify(control, CONTROL.busy);
  }
}
