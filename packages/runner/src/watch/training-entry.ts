import { GENERAL } from '../store/layout.js';
import { unitId } from '../units/id.js';
import type { LogEntry } from './log-tail.js';

/** Texts of which each entry of a training has one. */
export const TRAINING_ENTRIES = ['"training":'] as const;

/** An entry of a log that belongs to a training. */
export interface TrainingEntry {
  /** Id of the unit. */
  readonly id: string;
  readonly row: string;
  readonly seed: number;
  /** When it was logged, in milliseconds by the clock of the machine that trained; 0 if that cannot be read. */
  readonly time: number;
  /** Steps of the whole training, if the entry is the first of an attempt. */
  readonly begins: number | undefined;
  readonly fields: LogEntry;
}

export const isFiniteNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** @returns undefined for entries of anything else. */
export function parseTrainingEntry(fields: LogEntry): TrainingEntry | undefined {
  const { training, row, seed, time, steps } = fields;
  if (typeof training !== 'string' || typeof row !== 'string' || !isFiniteNumber(seed)) return undefined;
  return {
    id: row === GENERAL ? GENERAL : unitId({ row, seed }),
    ...{ row, seed, fields },
    time: Date.parse(String(time)) || 0,
    begins: 'parameters' in fields && isFiniteNumber(steps) ? steps : undefined,
  };
}
