import type {
  Backend,
  CompareRows,
  EmbeddingFiles,
  LeakCheck,
  MakeThumbnail,
  Pretraining,
  StudyRecord,
} from '@medbench/core';
import { createToken, Services as PluginServices } from '@medbench/core/services';
import type { SkipLog } from './data/skipped.js';
import type { RunObserver } from './observer.js';
import type { Plan } from './plan/plan.js';
import type { RunStore } from './store/index.js';
import type { Workers } from './units/outcome.js';
import type { UnitFolder } from './units/unit-folder.js';

/** The backend of a run and its id. */
export interface ChosenBackend {
  readonly id: string;
  readonly backend: Backend;
}

/**
 * Tokens of a run's services: those that plugins may ask for, and those that only the stages need. `compose.ts` binds
 * them. Each service lives as long as the run.
 */
export const Services = {
  ...PluginServices,
  Plan: createToken<Plan>('Plan'),
  Store: createToken<RunStore>('Store'),
  Observer: createToken<RunObserver>('Observer'),
  /** A `ChosenBackend`. */
  Backend: createToken<ChosenBackend>('Backend'),
  Pretraining: createToken<Pretraining>('Pretraining'),
  Embeddings: createToken<EmbeddingFiles>('Embeddings'),
  LeakCheck: createToken<LeakCheck>('LeakCheck'),
  Thumbnail: createToken<MakeThumbnail>('Thumbnail'),
  CompareRows: createToken<CompareRows>('CompareRows'),
  /** An `AbortSignal` that fires when the user asks the run to stop. */
  Signal: createToken<AbortSignal>('Signal'),
  SkipLog: createToken<SkipLog>('SkipLog'),
  /** The units as the processes of the run share them. */
  Units: createToken<UnitFolder>('Units'),
  /** The processes that carry out units of the run. */
  Workers: createToken<Workers>('Workers'),
  /** The study that the run belongs to, or null. */
  Study: createToken<StudyRecord | null>('Study'),
} as const;
