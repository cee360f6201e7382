import type { ProtocolId, ResultCell, ScoredColumn } from '@medbench/core';
import { describeMismatch } from '@medbench/evaluation/statistics';
import type { Submission } from './gather.js';

/** One task under one protocol on one set of test examples: the figures of these can be compared. */
export interface TestSet {
  /** Unique on the leaderboard: the id of the task, with a number from the second set of its examples on. */
  readonly id: string;
  readonly task: string;
  readonly protocol: ProtocolId;
  /** Number of the set among those of the task and protocol, from 1. */
  readonly number: number;
  /** Why it is not the first set; undefined for the first. */
  readonly differs?: string;
  readonly metric: string;
  readonly n: number;
}

interface DraftSet extends Omit<TestSet, 'metric' | 'n'> {
  metric: string;
  n: number;
  synthetic: boolean;
  /** Scores that decide which examples it has; undefined if no submission has any. */
  scores: ScoredColumn | undefined;
}

/** The figures of one submission on one task under one protocol. */
interface Measured {
  readonly task: string;
  readonly protocol: ProtocolId;
  readonly metric: string;
  readonly n: number;
  readonly synthetic: boolean;
  readonly scores: ScoredColumn | undefined;
}

const key = ({ task, protocol }: { readonly task: string; readonly protocol: ProtocolId }): string =>
  JSON.stringify([task, protocol]);

function listMeasured({ cells, columns }: Submission): Measured[] {
  const groups = new Map<string, ResultCell[]>();
  for (const cell of cells) groups.set(key(cell), [...(groups.get(key(cell)) ?? []), cell]);
  return [...groups.values()].map((group) => {
    const [{ task, protocol, metric }] = group as [ResultCell];
    const measured = group.filter(({ status }) => status === 'ok');
    return {
      ...{ task, protocol, metric: measured[0]?.metric ?? metric },
      n: Math.max(0, ...measured.map(({ n }) => n)),
      synthetic: measured.length > 0 && measured.every((cell) => cell.synthetic),
      scores: columns.find((column) => key(column) === key({ task, protocol })),
    };
  });
}

/** Why figures are of other examples than those of a set; undefined if they are of the same, as far as is known. */
function otherExamples(set: DraftSet, measured: Measured): string | undefined {
  // Only failures: they stand with the figures of others.
  if (measured.n === 0 || set.n === 0) return undefined;
  if (set.scores && measured.scores) return describeMismatch(measured.scores, set.scores);
  if (set.metric !== measured.metric) return `different metrics: ${measured.metric} and ${set.metric}`;
  if (set.n !== measured.n) return `different test sets: ${measured.n} and ${set.n} examples`;
  return set.synthetic === measured.synthetic ? undefined : 'different test sets: one of them is generated';
}

/** Finds the sets of test examples behind the figures of all submissions. */
export class TestSets {
  readonly #sets = new Map<string, DraftSet[]>();
  /** The task of each id of a set. */
  readonly #tasks = new Map<string, string>();
  readonly #ofSubmission = new Map<Submission, Map<string, DraftSet>>();

  constructor(submissions: readonly Submission[]) {
    // Sets with figures come before failures, and those with scores first: they decide which sets there are.
    const all = submissions.flatMap((submission) =>
      listMeasured(submission).map((measured) => ({ submission, measured })),
    );
    const weight = ({ measured: { n, scores } }: (typeof all)[number]): number => (n === 0 ? 2 : scores ? 0 : 1);
    for (const { submission, measured } of [...all].sort((a, b) => weight(a) - weight(b))) {
      const places = this.#ofSubmission.get(submission) ?? new Map<string, DraftSet>();
      this.#ofSubmission.set(submission, places.set(key(measured), this.#place(measured)));
    }
  }

  #place(measured: Measured): DraftSet {
    const { task, protocol, metric, n, synthetic, scores } = measured;
    const sets = this.#sets.get(key(measured)) ?? [];
    this.#sets.set(key(measured), sets);
    const found = sets.find((set) => otherExamples(set, measured) === undefined);
    if (found) return found;
    const number = sets.length + 1;
    const differs = sets[0] && otherExamples(sets[0], measured);
    const id = this.#freeId(task, number);
    const set = { id, task, protocol, number, ...(differs ? { differs } : {}), metric, n, synthetic, scores };
    sets.push(set);
    return set;
  }

  /** An id that no other task has. */
  #freeId(task: string, number: number): string {
    let id = number === 1 ? task : `${task} (test set ${number})`;
    while ((this.#tasks.get(id) ?? task) !== task) id += "'";
    this.#tasks.set(id, task);
    return id;
  }

  /** The sets of all tasks and protocols. */
  list(): readonly TestSet[] {
    return [...this.#sets.values()].flat();
  }

  /** The set behind a figure of a submission. */
  find(submission: Submission, cell: { readonly task: string; readonly protocol: ProtocolId }): TestSet {
    return this.#ofSubmission.get(submission)!.get(key(cell))!;
  }
}
