import type { ResultCell, TrainProgress } from '@medbench/core';
import type { Plan } from './plan/plan.js';

/** Hears what a run is doing; the command draws its progress from this. */
export interface RunObserver {
  started(plan: Plan, backend: { readonly id: string; readonly why: string }): void;
  message(text: string): void;
  warning(text: string): void;
  /** Training of a row (or of the general-domain weights, row `general`) begins. */
  trainingStarted(row: string, seed: number, steps: number): void;
  trainingStep(row: string, progress: TrainProgress): void;
  trainingFinished(row: string, seconds: number, reused: boolean): void;
  evaluationStarted(row: string, task: string): void;
  cellFinished(cells: readonly ResultCell[], reused: boolean): void;
}
