import type { ProtocolId, ResultCell, RunResults } from '@medbench/core';
import { findMetric } from './cells.js';
import { type ProtocolWords, type ProtocolWordsLookup, protocolWords } from './words.js';

/** One metric of one task under one protocol. */
export interface ColumnInfo {
  readonly task: string;
  readonly title: string;
  readonly modality: string;
  readonly protocol: ProtocolId;
  /** Title of the protocol and meaning of its metrics, from the results. */
  readonly words: ProtocolWords;
  /** Name of the primary metric, or `rare_recall`. */
  readonly metric: string;
  /** Number of test examples behind a figure; 0 if not known. */
  readonly n: number;
  /** How many of the figures involve generated data: `all`, `some` or `none`. */
  readonly synthetic: 'all' | 'some' | 'none';
  /** The rare classes, in a column about them; undefined in columns of a primary metric. */
  readonly rare?: readonly string[];
}

const RARE_METRIC = 'rare_recall';

/** A column that a run plans. */
export interface PlannedColumn {
  readonly task: string;
  readonly protocol: ProtocolId;
  /** Name of its primary metric. */
  readonly metric: string;
}

interface ColumnCells extends PlannedColumn {
  readonly cells: ResultCell[];
}

function primaryColumn(
  { task, protocol, metric, cells: group }: ColumnCells,
  { tasks }: RunResults,
  words: ProtocolWordsLookup,
): ColumnInfo {
  const info = tasks.find(({ id }) => id === task);
  const measured = group.filter(({ status }) => status === 'ok');
  const synthetic = measured.filter((cell) => cell.synthetic).length;
  return {
    task,
    title: info?.title ?? task,
    modality: info?.modality ?? 'other',
    protocol,
    words: words(protocol),
    metric: measured[0]?.metric ?? metric,
    n: Math.max(0, ...measured.map(({ n }) => n)),
    synthetic: synthetic === 0 ? 'none' : synthetic === measured.length ? 'all' : 'some',
  };
}

/** The column for rare classes that follows a primary one; empty if no cell has their recall. */
function rareColumn(primary: ColumnInfo, group: readonly ResultCell[]): ColumnInfo[] {
  const measured = group.filter((cell) => cell.status === 'ok' && findMetric(cell, RARE_METRIC));
  if (measured.length === 0 || primary.metric === RARE_METRIC) return [];
  const details = measured.flatMap(({ classification }) => classification ?? []);
  const examples = details.map(({ classes, confusion, rare }) =>
    confusion
      .filter((_, c) => rare.includes(classes[c]!))
      .flat()
      .reduce((sum, count) => sum + count, 0),
  );
  const rare = [...new Set(details.flatMap((detail) => detail.rare))];
  return [{ ...primary, metric: RARE_METRIC, n: Math.max(0, ...examples), rare }];
}

/**
 * The columns of the cells by modality, protocol and task; rare classes come right after their primary metric.
 * @param planned columns that have a place before they have a cell.
 */
export function listColumns(results: RunResults, planned: readonly PlannedColumn[] = []): ColumnInfo[] {
  const { cells, tasks, protocols = [] } = results;
  const words = protocolWords(results);
  const groups = new Map<string, ColumnCells>();
  const place = ({ task, protocol, metric }: PlannedColumn): ColumnCells => {
    const key = JSON.stringify([task, protocol]);
    const group = groups.get(key) ?? { task, protocol, metric, cells: [] };
    groups.set(key, group);
    return group;
  };
  for (const column of planned) place(column);
  for (const cell of cells) place(cell).cells.push(cell);
  const columns = [...groups.values()].map((group) => ({
    group: group.cells,
    primary: primaryColumn(group, results, words),
  }));
  const taskOrder = new Map(
    [...tasks.map(({ id }) => id), ...[...planned, ...cells].map(({ task }) => task)].map((id, i) => [id, i]),
  );
  columns.sort((a, b) => taskOrder.get(a.primary.task)! - taskOrder.get(b.primary.task)!);
  const modalities = [...new Set([...tasks.map(({ modality }) => modality), 'other'])];
  const order = ({ modality, protocol }: ColumnInfo): number =>
    modalities.indexOf(modality) * 100 + ((protocols.findIndex(({ id }) => id === protocol) + 100) % 100);
  return columns
    .sort((a, b) => order(a.primary) - order(b.primary))
    .flatMap(({ group, primary }) => [primary, ...rareColumn(primary, group)]);
}

/** A cell as seen in a column: unchanged, or with its recall of rare classes in place of the primary metric. */
export function cellIn(cell: ResultCell, { metric, rare }: ColumnInfo): ResultCell {
  if (!rare) return cell;
  const rareRecall = findMetric(cell, metric);
  return { ...cell, metric, value: rareRecall?.value ?? null, ci95: rareRecall?.ci95 ?? null };
}
