import type { EvaluationSplit, ProtocolId, ProtocolInfo, RunResults, Settings, TaskInfo } from '@medbench/core';
import { MedbenchError, resolveSettings } from '@medbench/core';
import type { Catalogue, CatalogueEntry } from '@medbench/core/catalogue';
import { entriesOfKind, findEntry, unknownIdError } from '@medbench/core/catalogue';
import type { PlanRow } from './rows.js';

type ProtocolEntry = CatalogueEntry<'protocol'>;

/** Activation of the towers in a measurement: that of the training, or the exact GELU. */
export type EvaluationActivation = 'same' | 'gelu';

/** Settings of the protocols of a run, by section, the split that they measure on, and the towers' activation. */
export type EvaluationConfig = {
  readonly split: EvaluationSplit;
  readonly activation: EvaluationActivation;
  /** The activation for the rows of single methods, by method id. */
  readonly activationOf: Readonly<Record<string, EvaluationActivation>>;
  readonly [section: string]: EvaluationSplit | EvaluationActivation | Settings;
};

/** Returns the activation with which a row is measured: that of its method if one is given, else that of the run. */
export const rowActivation = ({ activation, activationOf }: EvaluationConfig, row: PlanRow): EvaluationActivation =>
  (row.kind === 'method' ? activationOf[row.entry.id] : undefined) ?? activation;

/** Names under `evaluation` that are no sections of protocols. */
const OF_THE_RUN: readonly string[] = ['split', 'activation', 'activationOf'];

/** Position of a protocol among the columns of a table; a protocol without one comes last. */
const tablePosition = ({ order = Number.POSITIVE_INFINITY }: ProtocolInfo): number => order;

/** Returns the installed protocols in the order of a table's columns. */
const sortedProtocols = (catalogue: Catalogue): ProtocolEntry[] =>
  entriesOfKind(catalogue, 'protocol').sort((a, b) =>
    tablePosition(a.info) === tablePosition(b.info)
      ? a.id < b.id
        ? -1
        : 1
      : tablePosition(a.info) < tablePosition(b.info)
        ? -1
        : 1,
  );

/** Name of the section `evaluation.<section>` that holds the settings of a protocol. */
export const settingsSection = ({ id, section = id }: ProtocolInfo): string => section;

/** Whether a protocol measures every task of its kinds under its settings. */
function joins({ joins: rule = false, ...info }: ProtocolInfo, evaluation: EvaluationConfig): boolean {
  if (typeof rule === 'boolean') return rule;
  const { setting, is } = rule.unless;
  return protocolSettings(evaluation, info)[setting] !== is;
}

/**
 * Lists the protocols that measure a task: those that it names, then those that join all tasks of its kind.
 * @param evaluation the settings of the protocols, with their defaults.
 * @throws MedbenchError('unknown-id') for a protocol that is not installed; ('plugin') for a protocol that does not
 *   measure tasks of this kind.
 */
export function listTaskProtocols(task: TaskInfo, catalogue: Catalogue, evaluation: EvaluationConfig): ProtocolId[] {
  for (const id of task.protocols) {
    const { info } = findEntry(catalogue, 'protocol', id);
    if (info.kinds.includes(task.kind)) continue;
    throw new MedbenchError(
      'plugin',
      `The task ${task.id} is of kind ${task.kind}, and names the protocol ${id}, which measures ${info.kinds.join(', ')}`,
    );
  }
  const joining = sortedProtocols(catalogue).filter(
    ({ info }) => info.kinds.includes(task.kind) && joins(info, evaluation),
  );
  return [...new Set([...task.protocols, ...joining.map(({ id }) => id)])];
}

/** Returns the primary metric of a protocol on a task: the one that the task names, else the protocol's own. */
export const primaryMetric = (task: TaskInfo, { id, primary }: ProtocolInfo): string => task.metric[id] ?? primary;

/** Returns the protocols that have settings, by section. @throws MedbenchError('plugin') if two claim one section. */
function listSections(catalogue: Catalogue): Map<string, ProtocolEntry> {
  const sections = new Map<string, ProtocolEntry>();
  for (const entry of sortedProtocols(catalogue)) {
    if (Object.keys(entry.info.settings ?? {}).length === 0) continue;
    const section = settingsSection(entry.info);
    const other = sections.get(section);
    if (other || OF_THE_RUN.includes(section)) {
      const whose = other ? `the protocol ${other.id} of ${other.package.name}` : 'the run';
      throw new MedbenchError(
        'plugin',
        `evaluation.${section} belongs to ${whose}, and the protocol ${entry.id} of ${entry.package.name} claims it too`,
        { hint: 'Uninstall one of them, or give its settings another "section".' },
      );
    }
    sections.set(section, entry);
  }
  return sections;
}

/** @throws MedbenchError('unknown-id') for the first invalid name, with the nearest valid one. */
function checkNames(path: string, names: readonly string[], validNames: readonly string[]): void {
  const unknown = names.find((name) => !validNames.includes(name));
  if (unknown === undefined) return;
  const paths = validNames.map((name) => `${path}.${name}`);
  throw unknownIdError('setting', `${path}.${unknown}`, paths, 'medbench list protocols --json');
}

/**
 * Checks the settings of all protocols and adds their defaults.
 * @param trees the settings of the configuration, by section and name.
 * @throws MedbenchError('unknown-id') for a section or setting that does not exist; ('config') for an invalid value;
 *   ('plugin') if two protocols claim one section.
 */
export function evaluationConfig(
  {
    split,
    activation = 'same',
    activationOf = {},
    ...trees
  }: {
    readonly split: EvaluationSplit;
    readonly activation?: EvaluationConfig['activation'];
    readonly activationOf?: EvaluationConfig['activationOf'];
    readonly [section: string]: unknown;
  },
  catalogue: Catalogue,
): EvaluationConfig {
  const sections = listSections(catalogue);
  checkNames('evaluation', Object.keys(trees), [...sections.keys(), ...OF_THE_RUN]);
  const resolved: Record<string, Settings> = {};
  for (const [section, { info }] of sections) {
    const { settings = {} } = info;
    const tree = trees[section] ?? {};
    if (typeof tree !== 'object' || Array.isArray(tree)) {
      throw new MedbenchError('config', `evaluation.${section} must hold settings, not ${JSON.stringify(tree)}`);
    }
    checkNames(`evaluation.${section}`, Object.keys(tree), Object.keys(settings));
    resolved[section] = resolveSettings('evaluation', { id: section, settings }, tree as Settings);
  }
  return { ...resolved, split, activation, activationOf };
}

/** Returns the settings of one protocol. */
export const protocolSettings = (evaluation: EvaluationConfig, info: ProtocolInfo): Settings =>
  (evaluation[settingsSection(info)] ?? {}) as Settings;

/** Describes the protocols that measure the cells of a table, for `results.json`. */
export const describeProtocols = (
  catalogue: Catalogue,
  measured: ReadonlySet<ProtocolId>,
): NonNullable<RunResults['protocols']> =>
  sortedProtocols(catalogue)
    .filter(({ id }) => measured.has(id))
    .map(({ id, info: { title, metrics } }) => ({ id, title, metrics }));
