import type {
  ForeignTower,
  OpenedCorpus,
  Pretraining,
  Profile,
  Settings,
  StartingWeights,
  TrainingRecord,
  TrainingSettings,
  ValidationSettings,
} from '@medbench/core';
import { hashFile, keyedSettings, readSealed } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import { pluginIdentity } from '../data/code.js';
import { Corpora } from '../data/corpora.js';
import type { RunObserver } from '../observer.js';
import { planGeneralTraining } from '../plan/general.js';
import type { Plan } from '../plan/plan.js';
import { resolveMethod } from '../plan/resolve.js';
import type { PlanRow } from '../plan/rows.js';
import { methodTraining } from '../plan/validation.js';
import { Services } from '../services.js';
import { GENERAL, hashJson, hashParts, type RunStore } from '../store/index.js';
import { recordError, restoreError } from '../units/outcome.js';
import type { LockedUnit, UnitFolder } from '../units/unit-folder.js';
import { endsRun } from './failures.js';
import { Towers } from './towers.js';
import { judge, type Verdict } from './verdict.js';

/** Weights as a run trains them, whether they are there or not. */
export interface ExpectedRow {
  /** Path of the safetensors file. */
  readonly weights: string;
  /** Hash of everything that the weights depend on. */
  readonly key: string;
  /** Whether a corpus that it trains or validates on is generated, in whole or in part. */
  readonly synthetic: boolean;
}

/** Finished weights and the record of their training. */
export interface TrainedRow extends ExpectedRow {
  readonly record: TrainingRecord;
}

/** Content of `training.json`. */
export interface StoredTraining {
  readonly key: string;
  readonly madeOf: Readonly<Record<string, string>>;
  /** SHA-256 of the file of the weights. */
  readonly weights: string;
  readonly record: TrainingRecord;
}

type KeyParts = Readonly<Record<string, unknown>>;

/** The state of kept weights, and what they should be. */
export interface VerifiedWeights extends Verdict {
  readonly row: string;
  readonly seed: number;
  readonly trained: ExpectedRow;
}

interface TrainingJob {
  readonly row: string;
  readonly entry: CatalogueEntry<'method'>;
  readonly settings: Settings;
  readonly start: StartingWeights;
  readonly general?: ExpectedRow;
  readonly seed: number;
  readonly corpus: OpenedCorpus;
  readonly validationCorpus?: OpenedCorpus;
  readonly training: TrainingSettings;
  /** Weights of towers that replace the trained ones. */
  readonly laidOver?: readonly ForeignTower[];
}

/** Towers made elsewhere as part of a key. Absent without one, so that weights of before keep their keys. */
const keyedTowers = (towers: readonly ForeignTower[]): Readonly<Record<string, unknown>> =>
  towers.length === 0
    ? {}
    : { towers: Object.fromEntries(towers.map(({ tower, fingerprint }) => [tower, fingerprint])) };

const isGenerated = ({ corpus, validationCorpus }: TrainingJob): boolean =>
  corpus.synthetic || (validationCorpus?.synthetic ?? false);

/**
 * The validation as part of a training's key. Settings at the defaults that they have since they exist are left out, so
 * that earlier trainings keep their keys.
 */
function keyedValidation(
  { share, batches, every, patience, keep, batchSize = null, loss = 'own' }: ValidationSettings,
  corpus: OpenedCorpus | undefined,
): Readonly<Record<string, unknown>> {
  return {
    ...(corpus ? { corpus: corpus.fingerprint } : { share }),
    ...{ batches, every, patience, keep },
    ...(batchSize === null ? {} : { batchSize }),
    ...(loss === 'own' ? {} : { loss }),
  };
}

/** Trains the rows of a run. The general-domain weights are trained or imported once, when the first row needs them. */
export class TrainingStage {
  #general: Promise<TrainedRow> | undefined;

  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.Store private readonly store: RunStore,
    @Services.Pretraining private readonly pretraining: Pretraining,
    @Services.Observer private readonly observer: RunObserver,
    @Services.Profile private readonly profile: Profile,
    @Services.Signal private readonly signal: AbortSignal,
    @Services.Units private readonly units: UnitFolder,
    @inject(Towers) private readonly towers: Towers,
    @inject(Corpora) private readonly corpora: Corpora,
  ) {}

  /** Trains the method of a row, or returns its weights from the run folder. */
  async trainRow(row: PlanRow & { kind: 'method' }, seed: number): Promise<TrainedRow> {
    const { method } = await resolveMethod(this.registry, row.entry, row.settings);
    // Open the corpus first, so that missing data are noticed before the general-domain weights are trained.
    const corpus = await this.corpora.openForSeed(seed);
    const validationCorpus = await this.corpora.openValidation(seed);
    const general = method.start === 'general' ? await this.general() : undefined;
    return this.#train({
      row: row.id,
      entry: row.entry,
      settings: row.settings,
      start: method.start,
      ...(general ? { general } : {}),
      seed,
      corpus,
      ...(validationCorpus ? { validationCorpus } : {}),
      training: methodTraining(this.plan.config, row.entry.id),
    });
  }

  /**
   * Returns the general-domain weights: one set for all rows and seeds, as released weights would be. Waits while another
   * process makes them. If one has failed to, this one does not try again.
   */
  general(): Promise<TrainedRow> {
    this.#general ??= this.profile.row(GENERAL, () => this.units.whenFree(GENERAL, () => this.#makeGeneral()));
    return this.#general;
  }

  async #makeGeneral(): Promise<TrainedRow> {
    const failure = this.units.failure(GENERAL);
    if (failure?.error) throw restoreError(failure.error);
    try {
      return await this.#trainGeneral();
    } catch (error) {
      if (!this.signal.aborted && !endsRun(error)) {
        this.units.record(GENERAL, { error: recordError(error), failures: {} });
      }
      throw error;
    }
  }

  async #trainGeneral(): Promise<TrainedRow> {
    const { config } = this.plan;
    if (config.general.weights !== null) return this.#importGeneral(config.general.weights);
    const { id, entry, settings, seed, training, corpus } = planGeneralTraining(config, this.registry.catalogue);
    return this.#train({
      row: id,
      entry,
      settings,
      start: 'scratch',
      seed,
      corpus: await this.corpora.open([corpus], seed),
      training,
      laidOver: await this.#foreignTowers((message) => this.store.log({ message })),
    });
  }

  /** Trains a job, or returns its weights from the run folder if they have the same key. */
  async #train(job: TrainingJob): Promise<TrainedRow> {
    const { row, seed, training } = job;
    const { layout } = this.store;
    const { method, objectives } = await resolveMethod(this.registry, job.entry, job.settings);
    const parts = await this.#keyParts(job, objectives);
    const key = hashJson(parts);
    const stopAt = training.stopAt !== null && training.stopAt < training.steps ? training.stopAt : undefined;
    const weights = layout.weights(row, seed, stopAt);
    const finished = {
      weights,
      key: stopAt === undefined ? key : hashJson({ key, stopAt }),
      synthetic: isGenerated(job),
    };
    const file = layout.training(row, seed, stopAt);
    const stored = await this.#reusable(file, weights, key);
    this.observer.trainingStarted(row, seed, stopAt ?? training.steps);
    if (stored) {
      this.observer.trainingFinished(row, seed, stored.record.seconds, true);
      return { ...finished, record: stored.record };
    }
    const outcome = await this.pretraining.train({
      ...(await this.towers.request()),
      row,
      method,
      settings: job.settings,
      start: job.start,
      ...(job.general ? { generalWeights: job.general.weights } : {}),
      seed,
      corpus: job.corpus,
      ...(job.validationCorpus ? { validationCorpus: job.validationCorpus } : {}),
      training,
      folder: layout.checkpoint(row, seed),
      key,
      progress: (progress) => {
        const unit: LockedUnit = row === GENERAL ? GENERAL : { row, seed };
        this.units.note(unit, { step: progress.step, steps: progress.steps });
        this.observer.trainingStep(row, seed, progress);
      },
      mayWrite: () => this.store.requireLocks(),
      event: (entry) => this.store.log({ row, seed, ...entry }),
      damaged: (path) => this.store.warnOfDamage(path),
      signal: this.signal,
    });
    const record: TrainingRecord = { method: row, seed, ...outcome.record };
    await this.#layOver(job.laidOver ?? [], weights, key);
    await this.#keep(file, weights, parts, record);
    this.observer.trainingFinished(row, seed, record.seconds, false);
    return { ...finished, record };
  }

  /** Returns the record of weights that have this key and are as they were written. */
  async #reusable(file: string, weights: string, key: string): Promise<StoredTraining | undefined> {
    const stored = this.store.readSealed<StoredTraining>(file);
    if (stored?.key !== key) return undefined;
    const checksum = await hashFile(weights).catch(() => undefined);
    if (checksum === stored.weights) return stored;
    if (checksum !== undefined) this.store.warnOfDamage(weights);
    return undefined;
  }

  /** Writes the record of finished weights, with their checksum. */
  async #keep(file: string, weights: string, parts: KeyParts, record: TrainingRecord): Promise<void> {
    const identity = { key: hashJson(parts), madeOf: hashParts(parts) };
    this.store.writeSealed(file, { ...identity, weights: await hashFile(weights), record } satisfies StoredTraining);
  }

  /** Says whether kept weights are what this run would train. */
  async #judge(file: string, weights: string, parts: KeyParts): Promise<Verdict> {
    const stored = readSealed<StoredTraining>(file);
    const verdict = judge(stored, parts);
    if (verdict.state !== 'current' || stored.state !== 'intact') return verdict;
    const checksum = await hashFile(weights).catch(() => undefined);
    if (checksum === stored.value.weights) return verdict;
    return { state: checksum === undefined ? 'missing' : 'damaged', changed: [] };
  }

  /**
   * Says whether the weights of a row in the run folder are what this run would train. Trains nothing, but opens the
   * corpora. The result has the key that the row's cells depend on.
   */
  async verifyRow(row: PlanRow & { kind: 'method' }, seed: number): Promise<VerifiedWeights> {
    const { method } = await resolveMethod(this.registry, row.entry, row.settings);
    const general = method.start === 'general' ? await this.verifyGeneral() : undefined;
    const validationCorpus = await this.corpora.openValidation(seed);
    return this.#verify({
      ...{ row: row.id, entry: row.entry, settings: row.settings, start: method.start, seed },
      ...(general ? { general: general.trained } : {}),
      corpus: await this.corpora.openForSeed(seed),
      ...(validationCorpus ? { validationCorpus } : {}),
      training: methodTraining(this.plan.config, row.entry.id),
    });
  }

  /** As `verifyRow`, for the general-domain weights. */
  async verifyGeneral(): Promise<VerifiedWeights> {
    const { config } = this.plan;
    const { layout } = this.store;
    const laidOver = await this.#foreignTowers(() => {});
    if (config.general.weights !== null) {
      const source = await this.pretraining.findWeights(config.general.weights, () => {});
      const parts = await this.#importParts(source.fingerprint, laidOver);
      const weights = layout.weights(GENERAL, 0);
      const verdict = await this.#judge(layout.training(GENERAL, 0), weights, parts);
      return { ...verdict, row: GENERAL, seed: 0, trained: { weights, key: hashJson(parts), synthetic: false } };
    }
    const { id, entry, settings, seed, training, corpus } = planGeneralTraining(config, this.registry.catalogue);
    const opened = await this.corpora.open([corpus], seed);
    return this.#verify({ row: id, entry, settings, start: 'scratch', seed, corpus: opened, training, laidOver });
  }

  async #verify(job: TrainingJob): Promise<VerifiedWeights> {
    const { row, seed, training } = job;
    const { layout } = this.store;
    const { objectives } = await resolveMethod(this.registry, job.entry, job.settings);
    const parts = await this.#keyParts(job, objectives);
    const key = hashJson(parts);
    const stopAt = training.stopAt !== null && training.stopAt < training.steps ? training.stopAt : undefined;
    const weights = layout.weights(row, seed, stopAt);
    const verdict = await this.#judge(layout.training(row, seed, stopAt), weights, parts);
    const rowKey = stopAt === undefined ? key : hashJson({ key, stopAt });
    return { ...verdict, row, seed, trained: { weights, key: rowKey, synthetic: isGenerated(job) } };
  }

  /** Returns everything that the weights of a job depend on. The hash of it is their key. */
  async #keyParts(
    { entry, settings, start, general, seed, corpus, validationCorpus, training, laidOver = [] }: TrainingJob,
    objectives: readonly CatalogueEntry<'objective'>[],
  ): Promise<KeyParts> {
    // These settings do not change the weights: intervals of checkpoints and log lines, and where a training stops
    // early.
    const { checkpointEvery: _, logEvery: __, stopAt: ___, validation, ...keyed } = training;
    const { precision = 'float32', devices = 1, ...setUp } = keyed;
    return {
      format: 2,
      method: [entry, ...objectives].map(pluginIdentity),
      settings: keyedSettings(entry.info, settings),
      start,
      general: general?.key,
      seed,
      corpus: corpus.fingerprint,
      training: {
        ...setUp,
        // Trainings of before these settings existed keep their keys.
        ...(precision === 'float32' ? {} : { precision }),
        ...(devices === 1 ? {} : { devices }),
        validation: keyedValidation(validation, validationCorpus),
      },
      ...keyedTowers(laidOver),
      model: await this.towers.key(),
    };
  }

  async #importParts(fingerprint: string, laidOver: readonly ForeignTower[]): Promise<KeyParts> {
    return { format: 2, imported: fingerprint, ...keyedTowers(laidOver), model: await this.towers.key() };
  }

  /** The weights of single towers that the general-domain weights are to have (`general.image`, `general.text`). */
  async #foreignTowers(log: (message: string) => void): Promise<readonly ForeignTower[]> {
    const { general } = this.plan.config;
    const found: ForeignTower[] = [];
    for (const tower of ['image', 'text'] as const) {
      const name = general[tower];
      if (name !== null) found.push(await this.pretraining.findTower(tower, name, log));
    }
    return found;
  }

  /** Lays the weights of towers over those of a file. What a tower's file lacks is drawn for `general.seed`. */
  async #layOver(laidOver: readonly ForeignTower[], file: string, key: string): Promise<void> {
    if (laidOver.length === 0) return;
    const request = await this.towers.request();
    for (const tower of laidOver) await tower.layOver(request, { file, key, seed: this.plan.config.general.seed });
  }

  /** Imports general-domain weights that were made elsewhere. */
  async #importGeneral(name: string): Promise<TrainedRow> {
    const { layout } = this.store;
    const request = await this.towers.request();
    const source = await this.pretraining.findWeights(name, request.log);
    const laidOver = await this.#foreignTowers(request.log);
    const replaced = laidOver.map(({ tower }) => tower);
    const parts = await this.#importParts(source.fingerprint, laidOver);
    const key = hashJson(parts);
    // Importing draws nothing, so seed 0 stands for all seeds.
    const weights = layout.weights(GENERAL, 0);
    const file = layout.training(GENERAL, 0);
    const stored = await this.#reusable(file, weights, key);
    this.observer.trainingStarted(GENERAL, 0, 0);
    const folder = layout.checkpoint(GENERAL, 0);
    const record: TrainingRecord = stored
      ? stored.record
      : { method: GENERAL, seed: 0, ...(await source.import(request, { folder, key, replaced })).record };
    if (!stored) {
      await this.#layOver(laidOver, weights, key);
      await this.#keep(file, weights, parts, record);
    }
    this.store.log({ row: GENERAL, imported: name, key });
    this.observer.trainingFinished(GENERAL, 0, record.seconds, stored !== undefined);
    return { weights, key, record, synthetic: false };
  }
}
