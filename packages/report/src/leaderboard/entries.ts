import { createHash } from 'node:crypto';
import type { ProtocolId, ResultCell, RunResults, TrainingRecord } from '@medbench/core';
import { oneLine } from '../format.js';
import type { Submission } from './gather.js';
import type { TestSet, TestSets } from './test-sets.js';

/** One line of the leaderboard: a row under one set of settings, with all its seeds. */
export interface Entry {
  /** Unique, safe as a file name, and the same whenever the same results are shown. */
  readonly id: string;
  /** Short name, unique on the leaderboard. */
  readonly label: string;
  readonly row: string;
  readonly title: string;
  readonly question: string;
  readonly extension: boolean;
  readonly control: boolean;
  /** The submissions that have it: one, or several for a control that is the same in all. */
  readonly submissions: readonly Submission[];
  readonly seeds: readonly number[];
  /** Figures by test set. */
  readonly cells: ReadonlyMap<TestSet, readonly ResultCell[]>;
  readonly training: readonly TrainingRecord[];
  /** Whether any of its figures involves generated data. */
  readonly synthetic: boolean;
}

type RowInfo = RunResults['methods'][number];
type DraftEntry = Omit<Entry, 'id' | 'label'>;

/** The rows of a submission; rows that are only in cells come last. */
function listRows({ sources, cells }: Submission): RowInfo[] {
  const rows = new Map<string, RowInfo>();
  for (const { results } of sources) {
    for (const method of results.methods) if (!rows.has(method.id)) rows.set(method.id, method);
  }
  for (const { method: id, control } of cells) {
    if (!rows.has(id)) rows.set(id, { id, title: id, question: '', extension: false, control: control === true });
  }
  return [...rows.values()];
}

function draftEntry(submission: Submission, info: RowInfo, sets: TestSets): DraftEntry {
  const own = submission.cells.filter(({ method }) => method === info.id);
  const cells = new Map<TestSet, ResultCell[]>();
  for (const cell of own) {
    const set = sets.find(submission, cell);
    cells.set(set, [...(cells.get(set) ?? []), cell]);
  }
  return {
    ...{ row: info.id, title: info.title, question: info.question, extension: info.extension === true },
    control: info.control === true,
    submissions: [submission],
    seeds: [...new Set(own.map(({ seed }) => seed))].sort((a, b) => a - b),
    cells,
    training: submission.training.filter(({ method }) => method === info.id),
    synthetic: own.some((cell) => cell.synthetic === true),
  };
}

/** Whether two entries of a control have the same figures wherever both have one, and one at least. */
function agree(a: DraftEntry, b: DraftEntry): boolean {
  const shared = [...b.cells].flatMap(([set, cells]) =>
    cells.flatMap((cell) => {
      const other = a.cells.get(set)?.find(({ seed }) => seed === cell.seed);
      return other ? [other.value === cell.value] : [];
    }),
  );
  return shared.length > 0 && shared.every(Boolean);
}

function mergeControl(a: DraftEntry, b: DraftEntry): DraftEntry {
  const cells = new Map(a.cells);
  for (const [set, more] of b.cells) {
    const before = cells.get(set) ?? [];
    cells.set(set, [...before, ...more.filter(({ seed }) => !before.some((other) => other.seed === seed))]);
  }
  return {
    ...a,
    submissions: [...a.submissions, ...b.submissions],
    seeds: [...new Set([...a.seeds, ...b.seeds])].sort((x, y) => x - y),
    cells,
    synthetic: a.synthetic || b.synthetic,
  };
}

/** Controls depend on no training: one that has the same figures in several submissions is one entry. */
function mergeControls(drafts: readonly DraftEntry[]): DraftEntry[] {
  const merged: DraftEntry[] = [];
  for (const draft of drafts) {
    const index = draft.control
      ? merged.findIndex((one) => one.control && one.row === draft.row && agree(one, draft))
      : -1;
    if (index >= 0) merged[index] = mergeControl(merged[index]!, draft);
    else merged.push(draft);
  }
  return merged;
}

/** A text as the beginning of a file name: small letters, digits and single hyphens. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-|-$/g, '');

/** A file name of a text that differs for different texts, also where small and capital letters are the same. */
export const safeName = (text: string, ...more: readonly string[]): string =>
  more.length === 0 && slug(text) === text
    ? text
    : `${slug(text)}-${createHash('sha256')
        .update(JSON.stringify([text, ...more]))
        .digest('hex')
        .slice(0, 10)}`.replace(/^-/, '');

/** Gives each item a name of its own: the first candidate that no other item has, else a numbered one. */
function uniqueNames<T>(items: readonly T[], candidates: readonly ((item: T) => string)[]): string[] {
  const taken = new Set<string>();
  return items.map((item) => {
    const free = candidates
      .map((candidate) => [candidate, candidate(item)] as const)
      .find(([candidate, name]) => !taken.has(name) && items.filter((other) => candidate(other) === name).length === 1);
    const base = candidates.at(-1)!(item);
    let name = free?.[1] ?? base;
    for (let number = 2; taken.has(name); number++) name = `${base} ${number}`;
    taken.add(name);
    return name;
  });
}

const LABEL_LENGTH = 60;

/** Makes the entries of all submissions, in their order; controls come last. */
export function listEntries(submissions: readonly Submission[], sets: TestSets): Entry[] {
  const drafts = mergeControls(
    submissions.flatMap((submission) => listRows(submission).map((info) => draftEntry(submission, info, sets))),
  )
    .filter(({ cells }) => cells.size > 0)
    .sort((a, b) => Number(a.control) - Number(b.control));
  const labels = uniqueNames(drafts, [
    ({ row }) => oneLine(row, LABEL_LENGTH),
    ({ row, submissions: [first] }) => oneLine(`${row} · ${first!.name}`, LABEL_LENGTH),
  ]);
  const ids = uniqueNames(drafts, [
    ({ row, submissions: [first] }) => safeName(row, first!.key, ...first!.sources.map(({ name }) => name)),
  ]).map((name) => name.replaceAll(' ', '-'));
  return drafts.map((draft, i) => ({ ...draft, id: ids[i]!, label: labels[i]! }));
}

/** The protocols of an entry's figures. */
export const listProtocols = ({ cells }: Entry): ProtocolId[] => [
  ...new Set([...cells.keys()].map(({ protocol }) => protocol)),
];
