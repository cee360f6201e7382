import type { EmbeddingsFolder, EvaluationModel, LoadedModel, Protocol, ResultCell, TaskResult } from '@medbench/core';
import { isMedbenchError, MedbenchError, messageOf } from '@medbench/core';
import { dataContext, dataKey, identity, modelRequest, type RunContext } from '../context.js';
import type { PlannedCell, PlanRow } from '../plan/plan.js';
import type { ScoreTable } from '../scores/scores.js';
import { hashOf, type StoredCell } from '../store/index.js';
import { checkMetrics } from './check-metrics.js';
import type { GalleryStage } from './gallery.js';
import type { LeakStage, Leaks } from './leaks.js';
import type { Trained } from './training.js';

/** Errors after which going on makes no sense: the folder cannot be written, the user asked to stop, or for what cannot be. */
export const endsRun = (error: unknown): boolean =>
  isMedbenchError(error) && ['store', 'interrupted', 'usage'].includes(error.code);

/** Where a row's vectors come from: trained weights, embeddings from elsewhere, or a control that needs neither. */
export type RowModel = { readonly trained?: Trained; readonly foreign?: EmbeddingsFolder };

/** What is gathered beside the cells themselves. */
export interface Collectors {
  readonly leaks: LeakStage;
  readonly scores: ScoreTable;
  readonly galleries: GalleryStage;
}

/** What a row's vectors depend on. */
async function rowKey(run: RunContext, { row, task }: PlannedCell, { trained, foreign }: RowModel): Promise<unknown> {
  if (trained) return trained.key;
  if (row.kind === 'control') return { control: identity(row.entry), model: (await modelRequest(run)).key };
  return { embeddings: await foreign?.fingerprint(task.id) };
}

/** What is there belongs to another task: without an error the row would have no cell at all. */
const nothingFor = ({ task, protocols }: PlannedCell, there: readonly Protocol[]): MedbenchError =>
  new MedbenchError(
    'data',
    `The embeddings of ${task.id} are those of ${there.join(', ')}, not ${protocols.join(', ')}`,
    {
      hint: 'medbench embed --inputs says which arrays the task takes.',
    },
  );

/** A cell's key: the row, the task, the data, the seed and everything that the weights depend on. */
async function keyOf(run: RunContext, cell: PlannedCell, rowModel: RowModel): Promise<string> {
  const { task, version, ...data } = await dataKey(run, cell.task, cell.seed);
  const { split, ...evaluation } = run.plan.config.evaluation;
  return hashOf({
    format: 3,
    // Keys of what is measured on the test split are those from before there was a choice.
    evaluation: split === 'test' ? evaluation : { ...evaluation, split },
    row: await rowKey(run, cell, rowModel),
    task,
    version,
    protocols: cell.protocols,
    ...data,
    seed: cell.seed,
  });
}

/** The model of a trained row that keeps what it embeds in the run folder. */
async function keeping(
  run: RunContext,
  cell: PlannedCell,
  trained: Trained,
  load: () => Promise<EvaluationModel>,
): Promise<EvaluationModel> {
  if (!run.plan.config.keepEmbeddings) return load();
  const key = hashOf({ format: 1, row: trained.key, ...(await dataKey(run, cell.task, cell.seed)) });
  const folder = run.store.embeddingsFolder(cell.row.id, cell.seed, cell.task.id);
  return run.embeddings.keep(folder, { key, model: cell.row.id, task: cell.task.id }, load);
}

async function loadModel(run: RunContext, row: PlanRow, seed: number, trained?: Trained): Promise<LoadedModel> {
  const { request } = await modelRequest(run);
  if (trained) return run.pretraining.load(request, { file: trained.weights });
  const loaded: LoadedModel[] = [];
  const control = await run.registry.get('control', row.id);
  const model: EvaluationModel = await control.model({
    seed,
    untrained: async () => {
      const untrained = await run.pretraining.load(request, { untrainedSeed: seed });
      loaded.push(untrained);
      return untrained;
    },
  });
  return {
    id: model.id,
    can: model.can,
    logitScale: model.logitScale,
    embedImages: (images, as) => model.embedImages(images, as),
    imageFeatures: (images, as) => model.imageFeatures(images, as),
    embedTexts: (texts, as) => model.embedTexts(texts, as),
    dispose: async () => {
      for (const one of loaded) await one.dispose();
    },
  };
}

const cellOf = (
  cell: PlannedCell,
  stored: StoredCell,
  result: TaskResult,
  synthetic: boolean,
  leaks: Leaks | undefined,
): ResultCell => {
  const primary = result.metrics[result.metric];
  return {
    method: cell.row.id,
    control: cell.row.kind === 'control',
    task: cell.task.id,
    protocol: result.protocol,
    seed: cell.seed,
    metric: result.metric,
    value: primary?.value ?? null,
    ci95: primary?.ci95 ?? null,
    n: result.n,
    metrics: result.metrics,
    seconds: stored.seconds,
    status: 'ok',
    synthetic,
    ...(result.classification ? { classification: result.classification } : {}),
    ...(result.retrieval ? { retrieval: result.retrieval } : {}),
    ...(result.notes || leaks ? { notes: [...(result.notes ?? []), ...(leaks?.notes ?? [])] } : {}),
    ...(leaks ? { leaks: leaks.counts } : {}),
  };
};

/** One failed cell per protocol, so that every hole in the table has its reason. */
export const failedCells = (run: RunContext, cell: PlannedCell, error: unknown): ResultCell[] => {
  run.store.log({ failed: cell.row.id, task: cell.task.id, seed: cell.seed, error: messageOf(error) });
  const hint = isMedbenchError(error) && error.hint ? `. ${error.hint}` : '';
  return cell.protocols.map((protocol) => ({
    method: cell.row.id,
    control: cell.row.kind === 'control',
    task: cell.task.id,
    protocol,
    seed: cell.seed,
    metric: cell.task.info.metric[protocol] ?? '',
    value: null,
    ci95: null,
    n: 0,
    metrics: {},
    seconds: 0,
    status: 'failed',
    error: messageOf(error) + hint,
    synthetic: false,
  }));
};

/**
 * Measures one row on its tasks, cell by cell; a finished cell under the same key is read, not repeated.
 * A task that fails leaves its reason in its cell, and the others go on.
 * @throws whatever ends a run (see `endsRun`).
 */
export async function evaluateRow(
  run: RunContext,
  cells: readonly PlannedCell[],
  rowModel: RowModel,
  { leaks: leakStage, scores, galleries }: Collectors,
): Promise<ResultCell[]> {
  let model: LoadedModel | undefined;
  const done: ResultCell[] = [];
  try {
    for (const cell of cells) {
      run.signal.throwIfAborted();
      let finished: ResultCell[];
      let reused = false;
      try {
        const key = await run.profile.span('opening data', () => keyOf(run, cell, rowModel));
        const { task: _task, version: _version, ...read } = await dataKey(run, cell.task, cell.seed);
        const keys = { key, data: hashOf(read) };
        let stored = run.store.readCell(cell.row.id, cell.task.id, cell.seed, key);
        reused = stored !== undefined;
        if (!stored) {
          run.observer.evaluationStarted(cell.row.id, cell.task.id);
          const load = async (): Promise<LoadedModel> => {
            model ??= await loadModel(run, cell.row, cell.seed, rowModel.trained);
            return model;
          };
          if (rowModel.foreign) {
            const { model: given, protocols, notes } = await rowModel.foreign.open(cell.task.id);
            const possible = cell.protocols.filter((one) => protocols.includes(one));
            if (possible.length === 0) throw nothingFor(cell, protocols);
            stored = await evaluateCell(run, { ...cell, protocols: possible }, keys, given, notes);
          } else {
            const own = rowModel.trained ? await keeping(run, cell, rowModel.trained, load) : await load();
            stored = await evaluateCell(run, cell, keys, own);
          }
        }
        const synthetic = stored.synthetic || (rowModel.trained?.synthetic ?? false);
        const leaks = await run.profile.span('leak search', () => leakStage.of(cell.task));
        const { row, task, seed } = cell;
        const place = { row: row.id, control: row.kind === 'control', task: task.id, seed };
        for (const result of stored.results) {
          scores.add(place, result);
          galleries.add(cell, result);
        }
        finished = stored.results.map((result) => cellOf(cell, stored, result, synthetic, leaks));
      } catch (error) {
        if (endsRun(error) || run.signal.aborted) throw error;
        finished = failedCells(run, cell, error);
      }
      run.observer.cellFinished(finished, reused);
      done.push(...finished);
    }
  } finally {
    await model?.dispose();
  }
  return done;
}

async function evaluateCell(
  run: RunContext,
  cell: PlannedCell,
  { key, data }: { readonly key: string; readonly data: string },
  model: EvaluationModel,
  notes: readonly string[] = [],
): Promise<StoredCell> {
  const began = performance.now();
  const task = await run.registry.get('task', cell.task.id);
  const context = {
    ...dataContext(run, cell.seed, cell.task),
    protocols: cell.protocols,
    evaluation: run.plan.config.evaluation,
    backend: run.backend.backend,
    profile: run.profile,
  };
  // The protocols and what they embed have phases of their own.
  const outcome = await run.profile.span('opening data', () => task.evaluate(model, context));
  checkMetrics(task, outcome.results);
  const stored: StoredCell = {
    schemaVersion: 1,
    key,
    data,
    method: cell.row.id,
    task: cell.task.id,
    seed: cell.seed,
    seconds: Math.round(performance.now() - began) / 1000,
    synthetic: outcome.synthetic,
    results: outcome.results.map((result) =>
      notes.length === 0 ? result : { ...result, notes: [...(result.notes ?? []), ...notes] },
    ),
  };
  run.store.writeCell(stored);
  return stored;
}
