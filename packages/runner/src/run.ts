import { cpus, platform, totalmem } from 'node:os';
import type { CorpusFacts, Profile, ResultCell, RunResults, RunStatistics, TrainingRecord } from '@medbench/core';
import { MedbenchError, mayShow, NO_PROFILE } from '@medbench/core';
import { entriesOfKind } from '@medbench/core/catalogue';
import { flatSettings, type RunContext } from './context.js';
import { skipLog } from './data/skipped.js';
import type { PlanRow } from './plan/plan.js';
import { describedProtocols, protocolsOfTask } from './plan/protocols.js';
import { profiledBackend } from './profile/index.js';
import { ScoreTable } from './scores/scores.js';
import { endsRun, evaluateRow, failedCells, type RowModel } from './stages/evaluation.js';
import { GalleryStage } from './stages/gallery.js';
import { LeakStage } from './stages/leaks.js';
import { TrainingStage } from './stages/training.js';
import { hashOf } from './store/index.js';

/** The cells of `results.json` in the table's order, with how the rows were trained. */
interface Collected {
  readonly cells: ResultCell[];
  readonly training: TrainingRecord[];
  readonly statistics?: RunStatistics;
}

function titleOf(row: PlanRow): string {
  if (row.kind === 'embeddings') return row.id;
  const { title } = row.entry.info;
  return row.id === row.entry.id ? title : `${title} (${row.id.slice(row.entry.id.length + 1)})`;
}

function resultsOf(run: RunContext, command: string, { cells, training, statistics }: Collected): RunResults {
  const { config, rows, tasks, corpora } = run.plan;
  const settings = flatSettings(config);
  const versions: Record<string, string> = { node: process.version };
  for (const { name, version } of run.registry.catalogue.packages) versions[name] = version;
  return {
    schemaVersion: 1,
    run: {
      id: hashOf({ settings, versions }).slice(0, 12),
      seed: config.seeds[0]!,
      seeds: config.seeds,
      backend: run.backend.id,
      preset: config.preset ?? 'none',
      synthetic: cells.some(({ synthetic }) => synthetic),
      corpora: corpora.map(({ id }) => id),
      settings,
      versions,
      command,
      ...(run.study ? { study: run.study } : {}),
    },
    methods: rows.map((row) => ({
      id: row.id,
      title: titleOf(row),
      question: row.kind === 'method' ? row.entry.info.question : row.kind,
      extension: row.kind === 'method' && row.entry.info.extension,
      control: row.kind === 'control',
    })),
    tasks: tasks.map(({ id, info }) => ({
      id,
      title: info.title,
      modality: info.modality,
      protocols: protocolsOfTask(info, run.registry.catalogue),
      licence: info.licence,
      access: info.access,
      citation: info.citation,
      pictures: mayShow(info) ? 'shown' : 'withheld',
    })),
    protocols: describedProtocols(
      run.registry.catalogue,
      new Set(run.plan.cells.flatMap(({ protocols }) => protocols)),
    ),
    corpora: corpusFacts(run),
    training,
    cells,
    ...(statistics ? { statistics } : {}),
  };
}

/** What a run is given; what it keeps for itself is made here. */
type Given = Omit<RunContext, 'skipped' | 'profile'> & { readonly profile?: Profile | undefined };

function contextOf({ profile, ...given }: Given): RunContext {
  const context = { ...given, skipped: skipLog(given.store), profile: profile ?? NO_PROFILE };
  if (!profile) return context;
  const { id, backend } = given.backend;
  return { ...context, backend: { id, backend: profiledBackend(backend, profile) } };
}

/** What the rows train on, and before them the general-domain weights; nothing where no row trains. */
function corpusFacts({ plan, registry }: RunContext): CorpusFacts[] {
  if (!plan.rows.some(({ kind }) => kind === 'method')) return [];
  const { general } = plan.config;
  const own = new Set([...plan.corpora.map(({ id }) => id), ...(general.weights === null ? [general.corpus] : [])]);
  return entriesOfKind(registry.catalogue, 'corpus')
    .filter(({ id }) => own.has(id))
    .map(({ info: { id, title, domain, licence, access, source, citation } }) => ({
      ...{ id, title, domain, licence, access, source },
      ...(citation === undefined ? {} : { citation }),
    }));
}

/**
 * Carries out a plan: for every seed and row, train, then measure on every task. Continues whatever the run folder
 * already holds. `results.json` is rewritten after each row, so a stopped run leaves a table of what it had; at the end
 * the rows are compared, each pair of them in `comparisons.json`.
 * @throws MedbenchError('store') or ('interrupted'); anything else that fails is recorded in its cells.
 */
export async function executePlan(given: Given, command: string): Promise<RunResults> {
  const run = contextOf(given);
  const { plan, store } = run;
  store.writeJson(
    {
      config: plan.config,
      command,
      ...(run.study ? { study: run.study } : {}),
      backend: run.backend.id,
      hardware: { cpu: cpus()[0]?.model, cores: cpus().length, memory: totalmem(), platform: platform() },
      plugins: run.registry.catalogue.packages.map(({ name, version, why }) => ({ name, version, why })),
    },
    'run.json',
  );
  const stage = new TrainingStage(run);
  const trains = plan.rows.some(({ kind }) => kind === 'method');
  const leaks = new LeakStage(run, trains ? () => stage.corpus(plan.config.seeds[0]!) : undefined);
  const scores = new ScoreTable();
  const galleries = new GalleryStage(run);
  const collected: Collected = { cells: [], training: [] };
  for (const seed of plan.config.seeds) {
    for (const row of plan.rows) {
      if (run.signal.aborted) throw interrupted();
      const cells = plan.cells.filter((cell) => cell.row === row && cell.seed === seed);
      const carryOut = async (): Promise<void> => {
        let model: RowModel = {};
        if (row.kind === 'method') {
          const trained = await stage.trainRow(row, seed);
          collected.training.push(trained.record);
          model = { trained };
        } else if (row.kind === 'embeddings') {
          model = { foreign: await run.embeddings.open(row.folder) };
        }
        collected.cells.push(...(await evaluateRow(run, cells, model, { leaks, scores, galleries })));
      };
      try {
        await run.profile.row(row.id, carryOut);
      } catch (error) {
        if (run.signal.aborted) throw interrupted();
        if (endsRun(error)) throw error;
        const failed = cells.flatMap((cell) => failedCells(run, cell, error));
        run.observer.cellFinished(failed, false);
        collected.cells.push(...failed);
      }
      store.writeResults(resultsOf(run, command, collected));
      run.skipped.flush();
    }
  }
  await run.profile.span('galleries', () => galleries.write());
  const compared = run.profile.span('statistics', () => run.compareRows?.(scores.columns()));
  if (compared) store.writeJson(compared.comparisons, 'comparisons.json');
  const results = resultsOf(run, command, compared ? { ...collected, statistics: compared.statistics } : collected);
  store.writeResults(results);
  return results;
}

const interrupted = (): MedbenchError =>
  new MedbenchError('interrupted', 'Interrupted; what was finished is kept', {
    hint: 'The same command goes on from there.',
  });
