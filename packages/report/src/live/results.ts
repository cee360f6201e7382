import type { RunResults } from '@medbench/core';
import type { WatchedRun } from '@medbench/runner/watch';
import { type ResultTable, resultTable } from '../model.js';

/** The results of a run so far, as the renderers of finished runs take them. */
export const resultsSoFar = ({ backend, command, preset, seeds, synthetic, table }: WatchedRun): RunResults => ({
  schemaVersion: 1,
  run: {
    ...{ id: '', seed: seeds[0] ?? 0, seeds, backend, preset, synthetic },
    ...{ corpora: [], settings: {}, versions: {}, command },
  },
  methods: table.rows.map(({ protocols: _, ...row }) => row),
  tasks: table.tasks,
  protocols: table.protocols,
  training: [],
  cells: table.cells,
  ...(table.statistics ? { statistics: table.statistics } : {}),
});

/** The table of a run, with a place for each figure that is to come. */
export const tableSoFar = (run: WatchedRun): ResultTable =>
  resultTable(resultsSoFar(run), run.state === 'ended' ? undefined : run.table);
