import type { ResultCell, TrainProgress } from '@medbench/core';
import type { Plan } from './plan/plan.js';

/** Receives the events of a run; the command draws its progress from them. */
export interface RunObserver {
  started(plan: Plan, backend: { readonly id: string; readonly why: string }): void;
  message(text: string): void;
  warning(text: string): void;
  /** The training of a row begins. The general-domain weights have the row `general`. */
  trainingStarted(row: string, seed: number, steps: number): void;
  trainingStep(row: string, seed: number, progress: TrainProgress): void;
  trainingFinished(row: string, seed: number, seconds: number, reused: boolean): void;
  evaluationStarted(row: string, task: string): void;
  cellFinished(cells: readonly ResultCell[], reused: boolean): void;
}
