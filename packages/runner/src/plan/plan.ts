import type { ProtocolId } from '@medbench/core';
import { MedbenchError, resolveSettings } from '@medbench/core';
import type { Catalogue, CatalogueEntry } from '@medbench/core/catalogue';
import { entriesOfKind, findEntry, MANIFEST_KEYS, selectEntries, unknownIdError } from '@medbench/core/catalogue';
import type { Config } from '../config/schema.js';
import { type EvaluationConfig, evaluationConfig, listTaskProtocols } from './protocols.js';
import { type PlanRow, selectRows } from './rows.js';
import { type PlannedValidation, planValidation } from './validation.js';

/** One measurement of the plan: a row on a task under a seed, with the protocols that apply. */
export interface PlannedCell {
  readonly row: PlanRow;
  readonly task: CatalogueEntry<'task'>;
  readonly protocols: readonly ProtocolId[];
  readonly seed: number;
}

/** Everything a run will do: the cross product of seeds, rows and tasks. */
export interface Plan {
  /** The settings; those of the protocols include their defaults. */
  readonly config: Config & { readonly evaluation: EvaluationConfig };
  readonly rows: readonly PlanRow[];
  readonly tasks: readonly CatalogueEntry<'task'>[];
  readonly corpora: readonly CatalogueEntry<'corpus'>[];
  /** The corpus that the rows validate on; null if they validate on a share of their training pairs or not at all. */
  readonly validation: PlannedValidation | null;
  readonly cells: readonly PlannedCell[];
}

/** Returns the protocols that apply to a row: a control takes part only in the protocols that it names. */
const applicableProtocols = (row: PlanRow, protocols: readonly ProtocolId[]): readonly ProtocolId[] =>
  row.kind === 'control' ? protocols.filter((protocol) => row.entry.info.protocols.includes(protocol)) : protocols;

/**
 * Plans a run from its settings without importing any plugin. The rows are the methods in the order in which they were
 * selected, then the embeddings, then the controls.
 * @throws MedbenchError for an unknown id or setting, for settings of a plugin that does not exist, or for two rows
 *   with one id.
 */
export function makePlan(config: Config, catalogue: Catalogue): Plan {
  // Runs that older versions began have no trackers in their settings.
  const { trackers = [], tracker = {} } = config;
  // With an explicitly empty list nothing is trained: the rows are embeddings and controls.
  const methods = config.methods.length > 0 ? selectRows(catalogue, config.methods, config.methodSettings) : [];
  const tasks = selectEntries(catalogue, 'task', config.tasks);
  for (const [kind, overrides] of [
    ['method', config.methodSettings],
    ['task', config.taskSettings],
    ['corpus', config.corpusSettings],
    ['launcher', config.launcher],
    ['tracker', tracker],
    ['method', config.evaluation.activationOf ?? {}],
    ['method', config.training.validation.lossOf],
  ] as const) {
    const ids = entriesOfKind(catalogue, kind).map(({ id }) => id);
    for (const id of Object.keys(overrides)) {
      if (!ids.includes(id)) throw unknownIdError(kind, id, ids, `medbench list ${MANIFEST_KEYS[kind]}`);
    }
  }
  const controls = config.controls.length > 0 ? selectEntries(catalogue, 'control', config.controls) : [];
  const rows: PlanRow[] = [
    ...methods.map((row) => ({ kind: 'method' as const, ...row })),
    ...Object.entries(config.embeddings).map(([id, folder]) => ({ kind: 'embeddings' as const, id, folder })),
    ...controls.map((entry) => ({ kind: 'control' as const, id: entry.id, entry })),
  ];
  const sharedControl = methods.find(({ id }) => controls.some((control) => control.id === id));
  if (sharedControl) throw new MedbenchError('plugin', `"${sharedControl.id}" is both a method and a control`);
  const sharedEmbeddings = Object.keys(config.embeddings).find((id) =>
    [...methods, ...controls].some((row) => row.id === id),
  );
  if (sharedEmbeddings !== undefined) {
    throw new MedbenchError('config', `"${sharedEmbeddings}" names both embeddings and another row of this run`, {
      hint: 'Give the embeddings another id.',
    });
  }
  // Look up all names now, so that a wrong one is found before hours of training.
  findEntry(catalogue, 'encoder', config.encoders.image);
  findEntry(catalogue, 'encoder', config.encoders.text);
  if (config.backend !== 'auto') findEntry(catalogue, 'backend', config.backend);
  const corpora = (config.corpora.length > 0 ? config.corpora : ['task-pairs']).map((id) =>
    findEntry(catalogue, 'corpus', id),
  );
  for (const id of Object.keys(config.mixture)) {
    if (!corpora.some((corpus) => corpus.id === id)) {
      throw unknownIdError(
        'corpus of this run',
        id,
        corpora.map((corpus) => corpus.id),
        "--set 'corpora=[…]'",
      );
    }
  }
  for (const { info } of tasks) resolveSettings('taskSettings', info, config.taskSettings[info.id]);
  for (const { info } of corpora) resolveSettings('corpusSettings', info, config.corpusSettings[info.id]);
  for (const { info } of entriesOfKind(catalogue, 'launcher'))
    resolveSettings('launcher', info, config.launcher[info.id]);
  for (const id of trackers) findEntry(catalogue, 'tracker', id);
  for (const { info } of entriesOfKind(catalogue, 'tracker')) resolveSettings('tracker', info, tracker[info.id]);
  const validation = planValidation(config, catalogue, corpora);
  const evaluation = evaluationConfig(config.evaluation, catalogue);
  const measuredTasks = tasks.map((task) => ({ task, protocols: listTaskProtocols(task.info, catalogue, evaluation) }));
  const cells = config.seeds.flatMap((seed) =>
    rows.flatMap((row) =>
      measuredTasks
        .map(({ task, protocols }) => ({ row, task, protocols: applicableProtocols(row, protocols), seed }))
        .filter(({ protocols }) => protocols.length > 0),
    ),
  );
  return { config: { ...config, evaluation }, rows, tasks, corpora, validation, cells };
}
