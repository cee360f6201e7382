import 'reflect-metadata';
import { resolve } from 'node:path';
import { NO_PROFILE, type Profile, random, type StudyRecord } from '@medbench/core';
import type { Catalogue } from '@medbench/core/catalogue';
import { type Logger, Registry } from '@medbench/core/services';
import { Container, type Newable } from 'inversify';
import { withOptions } from './backend.js';
import { Corpora } from './data/corpora.js';
import { skipLog } from './data/skipped.js';
import { TaskData } from './data/task-data.js';
import type { RunObserver } from './observer.js';
import type { Plan } from './plan/plan.js';
import { profiledBackend } from './profile/index.js';
import { Results } from './results.js';
import { Run } from './run.js';
import { ScoreTable } from './scores/scores.js';
import { type ChosenBackend, Services } from './services.js';
import { ComparisonStage } from './stages/comparison.js';
import { EvaluationStage } from './stages/evaluation.js';
import { GalleryStage } from './stages/gallery.js';
import { LeakStage } from './stages/leaks.js';
import { RowModels } from './stages/row-models.js';
import { RowStage } from './stages/rows.js';
import { Towers } from './stages/towers.js';
import { TrainingStage } from './stages/training.js';
import { Verification } from './stages/verification.js';
import type { RunStore } from './store/index.js';
import { NO_WORKERS, UnitFolder, UnitStates, Work, type Workers } from './units/index.js';

/** A logger that discards everything, for commands that run nothing. */
export const silentLogger: Logger = { info: () => {}, warn: () => {}, event: () => {} };

/** The services that plugins are constructed with. */
export interface PluginServices {
  readonly catalogue: Catalogue;
  /** Folder of the data sets, absolute. Leave it out if it is not known yet: `composeRun` binds it later. */
  readonly dataRoot?: string;
  /** Folder of the caches, absolute. */
  readonly cacheRoot: string;
  /** Default: `silentLogger`. */
  readonly logger?: Logger;
  /** Default: no profile is recorded. */
  readonly profile?: Profile | undefined;
  /** Seed of the random streams that a plugin may ask for. Default 0. */
  readonly seed?: number;
}

/** Creates a container with the services that plugins may ask for, and the registry that constructs plugins from it. */
export function composePlugins(services: PluginServices): {
  readonly container: Container;
  readonly registry: Registry;
} {
  const { catalogue, dataRoot, cacheRoot, logger = silentLogger, profile = NO_PROFILE, seed = 0 } = services;
  const container = new Container({ defaultScope: 'Singleton' });
  const registry = new Registry(catalogue, container);
  container.bind(Services.Catalogue.id).toConstantValue(catalogue);
  container.bind(Services.Registry.id).toConstantValue(registry);
  container.bind(Services.Logger.id).toConstantValue(logger);
  container.bind(Services.Profile.id).toConstantValue(profile);
  if (dataRoot !== undefined) container.bind(Services.DataRoot.id).toConstantValue(dataRoot);
  container.bind(Services.CacheRoot.id).toConstantValue(cacheRoot);
  container.bind(Services.Random.id).toConstantValue((...names) => random(seed, ...names));
  return { container, registry };
}

/** The services of a run, in addition to those of its plugins. */
export interface RunServices {
  readonly plan: Plan;
  readonly store: RunStore;
  readonly observer: RunObserver;
  readonly backend: ChosenBackend;
  /** Folder that holds the data sets, absolute. */
  readonly dataRoot: string;
  /** Folder that relative paths of embeddings start from. Default: the working directory of the process. */
  readonly cwd?: string;
  readonly signal: AbortSignal;
  readonly study?: StudyRecord | undefined;
  /** Default: none; the run carries out all units itself. */
  readonly workers?: Workers | undefined;
}

/** The stages of a run and the objects that they share. Each has one instance, which lives as long as the run. */
const STAGES: readonly Newable<unknown>[] = [
  TaskData,
  Corpora,
  Towers,
  ScoreTable,
  Results,
  TrainingStage,
  RowModels,
  RowStage,
  LeakStage,
  GalleryStage,
  EvaluationStage,
  ComparisonStage,
  Run,
  Work,
  Verification,
  UnitStates,
];

/**
 * The composition root: binds everything that a run needs into the container of its plugins. A test replaces services
 * with doubles by `rebind` before it gets `Run` from the container.
 */
export async function composeRun(container: Container, services: RunServices): Promise<Container> {
  const [training, evaluation, data] = await Promise.all([
    import('@medbench/training'),
    import('@medbench/evaluation'),
    import('@medbench/data'),
  ]);
  const {
    plan,
    store,
    observer,
    backend,
    dataRoot,
    cwd = process.cwd(),
    signal,
    study = null,
    workers = NO_WORKERS,
  } = services;
  const profile = container.get(Services.Profile.id);
  const shared = { cache: container.get(Services.CacheRoot.id), threads: plan.config.threads };
  const runBackend = withOptions(backend.backend, shared);
  container.bind(Services.DataRoot.id).toConstantValue(dataRoot);
  container.bind(Services.Plan.id).toConstantValue(plan);
  container.bind(Services.Store.id).toConstantValue(store);
  container.bind(Services.Observer.id).toConstantValue(observer);
  container.bind(Services.Signal.id).toConstantValue(signal);
  container.bind(Services.Study.id).toConstantValue(study);
  container.bind(Services.Units.id).toConstantValue(new UnitFolder(store, observer, signal));
  container.bind(Services.Workers.id).toConstantValue(workers);
  container.bind(Services.SkipLog.id).toConstantValue(skipLog(store));
  container.bind(Services.Backend.id).toConstantValue({
    id: backend.id,
    backend: profile === NO_PROFILE ? runBackend : profiledBackend(runBackend, profile),
  });
  container.bind(Services.Pretraining.id).to(training.TowerPretraining);
  container.bind(Services.Embeddings.id).toConstantValue({
    keep: evaluation.keepEmbeddings,
    open: (path) => evaluation.openEmbeddings(resolve(cwd, path), { cacheRoot: shared.cache }),
  });
  container.bind(Services.LeakCheck.id).toConstantValue(evaluation.leakCheck());
  container.bind(Services.CompareRows.id).toConstantValue(evaluation.compareRows);
  container.bind(Services.Thumbnail.id).toConstantValue(data.thumbnail);
  for (const stage of STAGES) container.bind(stage).toSelf();
  return container;
}
