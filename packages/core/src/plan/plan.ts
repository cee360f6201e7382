import type { Config } from '../config/schema.js';
import type { MethodInfo, Settings, SettingValue } from '../contracts/method.js';
import type { Protocol, TaskInfo } from '../contracts/task.js';
import type { Catalogue, CatalogueEntry } from '../discovery/discover.js';
import { entriesOfKind, entryOf, select, unknownId } from '../discovery/select.js';
import { MedbenchError } from '../errors.js';

/** A row of the table. */
export type PlanRow =
  | {
      readonly kind: 'method';
      readonly id: string;
      readonly entry: CatalogueEntry<'method'>;
      readonly settings: Settings;
    }
  | { readonly kind: 'control'; readonly id: string; readonly entry: CatalogueEntry<'control'> };

/** What one row is measured on: a task with the protocols that apply. */
export interface PlannedCell {
  readonly row: PlanRow;
  readonly task: CatalogueEntry<'task'>;
  readonly protocols: readonly Protocol[];
  readonly seed: number;
}

/** A run before it is carried out: the cross product of rows and tasks. */
export interface Plan {
  readonly config: Config;
  readonly rows: readonly PlanRow[];
  readonly tasks: readonly CatalogueEntry<'task'>[];
  readonly corpora: readonly CatalogueEntry<'corpus'>[];
  readonly cells: readonly PlannedCell[];
}

/**
 * A method's settings: its defaults with what the configuration says over them.
 * @throws MedbenchError('config') for an unknown setting or a value out of bounds.
 */
export function methodSettings(info: MethodInfo, given: Readonly<Record<string, SettingValue>> = {}): Settings {
  const settings: Record<string, SettingValue> = {};
  for (const [name, spec] of Object.entries(info.settings)) settings[name] = spec.default;
  for (const [name, value] of Object.entries(given)) {
    const spec = info.settings[name];
    const flag = `methodSettings.${info.id}.${name}`;
    if (!spec)
      throw unknownId(`setting of ${info.id}`, name, Object.keys(info.settings), 'medbench list methods --json');
    if (typeof value !== typeof spec.default) {
      throw new MedbenchError('config', `${flag} must be a ${typeof spec.default}, not ${JSON.stringify(value)}`);
    }
    if (spec.choices && !spec.choices.includes(value)) {
      throw new MedbenchError('config', `${flag} must be one of ${spec.choices.join(', ')}, not ${value}`);
    }
    if (typeof value === 'number' && (value < (spec.min ?? -Infinity) || value > (spec.max ?? Infinity))) {
      throw new MedbenchError('config', `${flag} must lie in [${spec.min ?? '-∞'}, ${spec.max ?? '∞'}], not ${value}`);
    }
    settings[name] = value;
  }
  return settings;
}

const applicable = (row: PlanRow, task: TaskInfo): readonly Protocol[] =>
  row.kind === 'method' ? task.protocols : task.protocols.filter((one) => row.entry.info.protocols.includes(one));

/**
 * Lays out a run from its settings, importing nothing. Rows: the methods in the order asked, then the controls.
 * @throws MedbenchError for an unknown id, an unknown setting, or settings for a method that is not selected.
 */
export function makePlan(config: Config, catalogue: Catalogue): Plan {
  const methods = select(catalogue, 'method', config.methods);
  const tasks = select(catalogue, 'task', config.tasks);
  const known = entriesOfKind(catalogue, 'method').map(({ id }) => id);
  for (const id of Object.keys(config.methodSettings)) {
    if (!known.includes(id)) throw unknownId('method', id, known, 'medbench list methods');
  }
  const controls = config.controls.length > 0 ? select(catalogue, 'control', config.controls) : [];
  const rows: PlanRow[] = [
    ...methods.map((entry) => ({
      kind: 'method' as const,
      id: entry.id,
      entry,
      settings: methodSettings(entry.info, config.methodSettings[entry.id]),
    })),
    ...controls.map((entry) => ({ kind: 'control' as const, id: entry.id, entry })),
  ];
  const clash = methods.find(({ id }) => controls.some((control) => control.id === id));
  if (clash) throw new MedbenchError('plugin', `"${clash.id}" is both a method and a control`);
  // Faults in names are found before hours of training, not after.
  entryOf(catalogue, 'encoder', config.encoders.image);
  entryOf(catalogue, 'encoder', config.encoders.text);
  if (config.backend !== 'auto') entryOf(catalogue, 'backend', config.backend);
  const corpora = (config.corpora.length > 0 ? config.corpora : ['task-pairs']).map((id) =>
    entryOf(catalogue, 'corpus', id),
  );
  const cells = config.seeds.flatMap((seed) =>
    rows.flatMap((row) =>
      tasks
        .map((task) => ({ row, task, protocols: applicable(row, task.info), seed }))
        .filter(({ protocols }) => protocols.length > 0),
    ),
  );
  return { config, rows, tasks, corpora, cells };
}
