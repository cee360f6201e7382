import { existsSync, readdirSync } from 'node:fs';
import { fileId, type RunResults } from '@medbench/core';
import type { PlannedTable, PlannedTableRow } from '../results.js';
import type { RunLayout } from '../store/layout.js';
import type { KnownResults } from './measured.js';

const list = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort().map(fileId) : []);

/**
 * Finds out what the table of a run is that was begun by a version that did not record it: from its results, else from
 * what has begun.
 * @param results the results so far, if there are any.
 */
export function findTable({ cells, allCheckpoints }: RunLayout, results: KnownResults | undefined): PlannedTable {
  const begun = [...new Set([...list(cells), ...list(allCheckpoints)])].filter((id) => id !== 'general');
  const methods: RunResults['methods'] =
    results?.methods ?? begun.map((id) => ({ id, title: id, question: '', extension: false, control: false }));
  const found = results?.cells ?? [];
  const columns = [
    ...new Map(
      found.map(({ task, protocol, metric }) => [JSON.stringify([task, protocol]), { task, protocol, metric }]),
    ).values(),
  ];
  const protocols = [...new Set(columns.map(({ protocol }) => protocol))];
  const measuredBy = ({ id, control }: RunResults['methods'][number]): PlannedTableRow['protocols'] =>
    control ? [...new Set(found.filter(({ method }) => method === id).map(({ protocol }) => protocol))] : protocols;
  return {
    rows: methods.map((method) => ({ ...method, protocols: measuredBy(method) })),
    tasks: results?.tasks ?? [],
    protocols: results?.protocols ?? protocols.map((id) => ({ id, title: id, metrics: {} })),
    columns,
    corpora: results?.run.corpora ?? [],
  };
}
