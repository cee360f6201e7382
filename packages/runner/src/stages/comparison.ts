import { type CompareRows, hashJson, type Profile, type RunStatistics } from '@medbench/core';
import { inject } from 'inversify';
import { ScoreTable } from '../scores/scores.js';
import { Services } from '../services.js';
import type { RunStore } from '../store/index.js';

/** Compares the rows of a finished run, and tests which differences are significant. */
export class ComparisonStage {
  constructor(
    @Services.CompareRows private readonly compareRows: CompareRows,
    @Services.Store private readonly store: RunStore,
    @Services.Profile private readonly profile: Profile,
    @inject(ScoreTable) private readonly scores: ScoreTable,
  ) {}

  /**
   * Writes the comparison of every pair of rows to `comparisons.json`.
   * @returns the statistics for the results table, with the hash of the comparisons.
   */
  compare(): RunStatistics {
    const { statistics, comparisons } = this.profile.span('statistics', () => this.compareRows(this.scores.columns()));
    this.store.writeJson(this.store.layout.comparisons, comparisons);
    return { ...statistics, comparisons: hashJson(comparisons) };
  }
}
