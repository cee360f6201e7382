import { MedbenchError, type RunResults, type Settings } from '@medbench/core';
import type { StudyResults, StudyRow } from './data.js';

/** A row of a run and the row of the study that it is compared with. */
export interface RowPair {
  /** Id of the run's row. */
  readonly row: string;
  readonly study: StudyRow;
  /** How they were paired: by the resolved settings of the method, by the row's id, or by the user. */
  readonly by: 'settings' | 'id' | 'user';
}

/** Splits `flip:ratio=0.5:tuning=0` into the method and its settings, sorted. */
function splitSelector(selector: string): string {
  const [method, ...settings] = selector.split(':');
  return [method, ...settings.sort()].join(':');
}

const hasSettings = (all: Settings, wanted: Settings): boolean =>
  Object.entries(wanted).every(([name, value]) => all[name] === value);

/** Finds the study's row that a run's row is; undefined if it is none. */
function matchRow(row: string, { training }: RunResults, rows: readonly StudyRow[]): RowPair | undefined {
  const settings = training.find(({ method, setup }) => method === row && setup)?.setup?.settings;
  const [method] = row.split(':');
  if (settings) {
    const study = rows.find(
      (candidate) =>
        candidate.selector.split(':')[0] === method && candidate.settings.some((one) => hasSettings(settings, one)),
    );
    return study && { row, study, by: 'settings' };
  }
  // Without a record of the training, the settings that the id does not name are not known.
  const study = rows.find(({ selector }) => splitSelector(selector) === splitSelector(row));
  return study && { row, study, by: 'id' };
}

const listIds = (ids: readonly string[]): string => ids.join(', ') || 'none';

/**
 * Pairs the rows of a run with rows of the study. Pairs of the user come before those that are found. Controls are only
 * paired by the user.
 * @param wanted ids of the study's rows by ids of the run's rows.
 * @throws MedbenchError('unknown-id') for a row that the run or the study does not have.
 */
export function pairRows(
  results: RunResults,
  study: StudyResults,
  wanted: Readonly<Record<string, string>> = {},
): RowPair[] {
  const controls = new Map<string, boolean>();
  for (const { method, control } of results.cells) controls.set(method, control);
  for (const { id, control } of results.methods) controls.set(id, control);
  const known = [...controls.keys()];
  const chosen = new Map(
    Object.entries(wanted).map(([row, id]): [string, RowPair] => {
      const found = study.rows.find((candidate) => candidate.id === id);
      if (!controls.has(row)) {
        throw new MedbenchError('unknown-id', `The run has no row ${row}`, { hint: `Its rows: ${listIds(known)}.` });
      }
      if (!found) {
        const hint = `Its rows with result files: ${listIds(study.rows.map((candidate) => candidate.id))}.`;
        throw new MedbenchError('unknown-id', `The study has no row ${id}`, { hint });
      }
      return [row, { row, study: found, by: 'user' }];
    }),
  );
  return known.flatMap((row) => {
    const pair = chosen.get(row) ?? (controls.get(row) ? undefined : matchRow(row, results, study.rows));
    return pair ? [pair] : [];
  });
}
