import type { Configurable } from '@medbench/core';
import { resolveSettings } from '@medbench/core';
import { type ConfigTree, isTree } from '../config/merge.js';
import type { Plan } from './plan.js';
import type { PlanRow } from './rows.js';

/** A setting that has one value in a plan and another in the plan that it is compared with. */
export interface PlanDifference {
  readonly setting: string;
  /** Value in the plan that is compared with; `none` if it has no such row, task or setting. */
  readonly from: string;
  readonly to: string;
  /** Rows, tasks or corpora that it concerns, by id; empty if it concerns the run. */
  readonly where: readonly string[];
}

/** Settings that are compared row by row, task by task and corpus by corpus, or that decide no figure. */
const COMPARED_ELSEWHERE = new Set(['plugins', 'preset', 'methods', 'tasks', 'corpora', 'controls']);
const SETTINGS_OF_PLUGINS = new Set(['methodSettings', 'taskSettings', 'corpusSettings']);
const ABSENT = 'none';

type Leaves = Readonly<Record<string, string>>;

const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Flattens settings: `{ training: { steps: 10 } }` gives `training.steps`, as text. */
function leaves(tree: ConfigTree, prefix = ''): Leaves {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) =>
      isTree(value) ? Object.entries(leaves(value, `${prefix}${key}.`)) : [[prefix + key, valueText(value)]],
    ),
  );
}

/** The parts of a plan that have settings, each under a name that corresponds between plans. */
type Parts = ReadonlyMap<string, { readonly where: readonly string[]; readonly settings: Leaves }>;

/**
 * Names the rows so that those of two plans correspond: a method's first row to its first row, and so on, whatever their
 * settings are.
 */
function rowNames(rows: readonly PlanRow[]): Map<string, PlanRow> {
  const seen = new Map<string, number>();
  return new Map(
    rows.map((row) => {
      const kind = row.kind === 'method' ? row.entry.id : row.id;
      const count = (seen.get(kind) ?? 0) + 1;
      seen.set(kind, count);
      return [`row ${row.kind} ${kind} ${count}`, row];
    }),
  );
}

function parts({ config, rows, tasks, corpora }: Plan): Parts {
  const ofRun = Object.entries(config).filter(([key]) => !COMPARED_ELSEWHERE.has(key) && !SETTINGS_OF_PLUGINS.has(key));
  const ofPlugin = (
    kind: string,
    group: 'taskSettings' | 'corpusSettings',
    { info }: { readonly info: Configurable },
  ): [string, { where: string[]; settings: Leaves }] => [
    `${kind} ${info.id}`,
    {
      where: [info.id],
      settings: { [kind]: info.id, ...leaves(resolveSettings(group, info, config[group][info.id])) },
    },
  ];
  return new Map([
    ['run', { where: [], settings: leaves(Object.fromEntries(ofRun)) }],
    ...[...rowNames(rows)].map(([name, row]): [string, { where: string[]; settings: Leaves }] => [
      name,
      { where: [row.id], settings: { row: row.kind, ...(row.kind === 'method' ? leaves({ ...row.settings }) : {}) } },
    ]),
    ...tasks.map((task) => ofPlugin('task', 'taskSettings', task)),
    ...corpora.map((corpus) => ofPlugin('corpus', 'corpusSettings', corpus)),
  ]);
}

/**
 * Lists what a plan does otherwise than another, from their resolved settings: defaults included, rows of one method
 * compared in their order. Rows, tasks and corpora whose setting changes alike share an entry.
 */
export function planDifferences(base: Plan, plan: Plan): PlanDifference[] {
  const [before, after] = [parts(base), parts(plan)];
  const found = new Map<string, PlanDifference>();
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [before.get(name), after.get(name)];
    // A part that only one plan has is one difference, not one for each of its settings.
    const whole = a && b ? undefined : name.slice(0, name.indexOf(' '));
    const names = whole ? [whole] : Object.keys({ ...a?.settings, ...b?.settings });
    for (const setting of names) {
      const [from, to] = [a?.settings[setting] ?? ABSENT, b?.settings[setting] ?? ABSENT];
      if (from === to) continue;
      const kind = name.slice(0, name.indexOf(' '));
      const key = JSON.stringify([whole ? name : kind, setting, from, to]);
      const where = [...(found.get(key)?.where ?? []), ...(b ?? a)!.where];
      found.set(key, { setting, from, to, where });
    }
  }
  return [...found.values()];
}
