import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenedCorpus, Settings, Start, TrainingRecord, TrainingSettings } from '@medbench/core';
import { fileName } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import { identity, modelRequest, openCorpora, type RunContext } from '../context.js';
import { GENERAL, generalTraining } from '../plan/general.js';
import type { PlanRow } from '../plan/plan.js';
import { resolveMethod } from '../plan/resolve.js';
import { hashOf } from '../store/index.js';

/** Finished weights and how they came about. */
export interface Trained {
  readonly weights: string;
  /** Hash of all that the weights depend on. */
  readonly key: string;
  readonly record: TrainingRecord;
  readonly synthetic: boolean;
}

interface StoredTraining {
  readonly key: string;
  readonly record: TrainingRecord;
}

interface Job {
  readonly row: string;
  readonly entry: CatalogueEntry<'method'>;
  readonly settings: Settings;
  readonly start: Start;
  readonly general?: Trained;
  readonly seed: number;
  readonly corpus: OpenedCorpus;
  readonly training: TrainingSettings;
}

/** Trains a job, or takes its weights from the run folder if they are there under the same key. */
async function train(run: RunContext, job: Job): Promise<Trained> {
  const { request, key: modelKey } = await modelRequest(run);
  // How often a checkpoint or a log line is written changes no weight, nor does a stop on the way to them.
  const { checkpointEvery: _, logEvery: __, stopAt, ...setUp } = job.training;
  const { method, objectives } = await resolveMethod(run.registry, job.entry, job.settings);
  const key = hashOf({
    format: 1,
    method: [job.entry, ...objectives].map(identity),
    settings: job.settings,
    start: job.start,
    general: job.general?.key,
    seed: job.seed,
    corpus: job.corpus.fingerprint,
    training: setUp,
    model: modelKey,
  });
  const folder = run.store.checkpointFolder(job.row, job.seed);
  const stops = stopAt !== null && stopAt < job.training.steps;
  const at = stops ? `-${stopAt}` : '';
  const parts = ['checkpoints', fileName(job.row), `seed-${job.seed}`, `training${at}.json`];
  const weights = join(folder, `weights${at}.safetensors`);
  const stored = run.store.readJson<StoredTraining>(...parts);
  const finished = { weights, key: stops ? hashOf({ key, stopAt }) : key, synthetic: job.corpus.synthetic };
  run.observer.trainingStarted(job.row, job.seed, stops ? stopAt : job.training.steps);
  if (stored?.key === key && existsSync(weights)) {
    run.observer.trainingFinished(job.row, stored.record.seconds, true);
    return { ...finished, record: stored.record };
  }
  const outcome = await run.pretraining.train({
    ...request,
    row: job.row,
    method,
    settings: job.settings,
    start: job.start,
    ...(job.general ? { generalWeights: job.general.weights } : {}),
    seed: job.seed,
    corpus: job.corpus,
    training: job.training,
    folder,
    key,
    progress: (progress) => run.observer.trainingStep(job.row, progress),
    event: (entry) => run.store.log({ row: job.row, seed: job.seed, ...entry }),
    signal: run.signal,
  });
  const record: TrainingRecord = { method: job.row, seed: job.seed, ...outcome.record };
  run.store.writeJson({ key, record } satisfies StoredTraining, ...parts);
  run.observer.trainingFinished(job.row, record.seconds, false);
  return { ...finished, record };
}

/** Takes general-domain weights that were made elsewhere. */
async function importGeneral(run: RunContext, name: string): Promise<Trained> {
  const { request, key: modelKey } = await modelRequest(run);
  const found = await run.pretraining.findWeights(name, request.log);
  const key = hashOf({ format: 1, imported: found.fingerprint, model: modelKey });
  // Seed 0 stands for all: nothing is drawn.
  const folder = run.store.checkpointFolder(GENERAL, 0);
  const parts = ['checkpoints', GENERAL, 'seed-0', 'training.json'];
  const weights = join(folder, 'weights.safetensors');
  const stored = run.store.readJson<StoredTraining>(...parts);
  run.observer.trainingStarted(GENERAL, 0, 0);
  const reused = stored?.key === key && existsSync(weights);
  const record: TrainingRecord = reused
    ? stored.record
    : { method: GENERAL, seed: 0, ...(await found.import(request, { folder, key })).record };
  if (!reused) run.store.writeJson({ key, record } satisfies StoredTraining, ...parts);
  run.store.log({ row: GENERAL, imported: name, key });
  run.observer.trainingFinished(GENERAL, record.seconds, reused);
  return { weights, key, record, synthetic: false };
}

/** Trains the rows of a run; corpora and general-domain weights are made when first needed, once. */
export class TrainingStage {
  #general: Promise<Trained> | undefined;
  readonly #corpora = new Map<number, Promise<OpenedCorpus>>();

  constructor(private readonly run: RunContext) {}

  async trainRow(row: PlanRow & { kind: 'method' }, seed: number): Promise<Trained> {
    const { config } = this.run.plan;
    const { method } = await resolveMethod(this.run.registry, row.entry, row.settings);
    // First, so that data which are not there are noticed before the general-domain weights are trained.
    const corpus = await this.corpus(seed);
    const general = method.start === 'general' ? await this.general() : undefined;
    return train(this.run, {
      row: row.id,
      entry: row.entry,
      settings: row.settings,
      start: method.start,
      ...(general ? { general } : {}),
      seed,
      corpus,
      training: config.training,
    });
  }

  /** The weights from which transfer starts: one set for all rows and seeds, as released weights would be. */
  general(): Promise<Trained> {
    this.#general ??= this.run.profile.row(GENERAL, () => this.#trainGeneral());
    return this.#general;
  }

  async #trainGeneral(): Promise<Trained> {
    const { plan, registry } = this.run;
    const { weights } = plan.config.general;
    if (weights !== null) return importGeneral(this.run, weights);
    const { id, entry, settings, seed, training, corpus } = generalTraining(plan.config, registry.catalogue);
    return train(this.run, {
      row: id,
      entry,
      settings,
      start: 'scratch',
      seed,
      corpus: await this.run.profile.span('opening data', () => openCorpora(this.run, [corpus], seed)),
      training,
    });
  }

  /** What every row of a seed trains on. @throws MedbenchError('data') as `openCorpora`. */
  corpus(seed: number): Promise<OpenedCorpus> {
    let corpus = this.#corpora.get(seed);
    if (!corpus) {
      corpus = this.run.profile.span('opening data', () => openCorpora(this.run, this.run.plan.corpora, seed));
      this.#corpora.set(seed, corpus);
    }
    return corpus;
  }
}
