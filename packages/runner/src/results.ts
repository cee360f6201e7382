import { cpus, platform, totalmem } from 'node:os';
import type { CorpusSummary, ResultCell, RunResults, RunStatistics, StudyRecord, TrainingRecord } from '@medbench/core';
import { mayShow } from '@medbench/core';
import { entriesOfKind } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import type { Config } from './config/schema.js';
import type { Plan } from './plan/plan.js';
import { describeProtocols, listTaskProtocols } from './plan/protocols.js';
import type { PlanRow } from './plan/rows.js';
import { type ChosenBackend, Services } from './services.js';
import { hashJson, type RunStore } from './store/index.js';

/** Collects the results of a run in the order of the table, and writes `results.json`. */
export class Results {
  readonly cells: ResultCell[] = [];
  readonly training: TrainingRecord[] = [];

  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.Store private readonly store: RunStore,
    @Services.Backend private readonly backend: ChosenBackend,
    @Services.Study private readonly study: StudyRecord | null,
  ) {}

  /**
   * Writes `run.json`: the settings and the environment of the run.
   * @param command the command that repeats the run.
   */
  writeRun(command: string): void {
    const { config } = this.plan;
    this.store.writeJson(this.store.layout.run, {
      config,
      command,
      ...(this.study ? { study: this.study } : {}),
      backend: this.backend.id,
      hardware: { cpu: cpus()[0]?.model, cores: cpus().length, memory: totalmem(), platform: platform() },
      plugins: this.registry.catalogue.packages.map(({ name, version, why }) => ({ name, version, why })),
    });
  }

  /** Writes all results so far to `results.json`, and returns them. */
  write(command: string, statistics?: RunStatistics): RunResults {
    const results = this.#collect(command, statistics);
    this.store.writeResults(results);
    return results;
  }

  #collect(command: string, statistics?: RunStatistics): RunResults {
    const { config, rows, tasks, corpora } = this.plan;
    const settings = flatSettings(config);
    const versions: Record<string, string> = { node: process.version };
    for (const { name, version } of this.registry.catalogue.packages) versions[name] = version;
    return {
      schemaVersion: 1,
      run: {
        id: hashJson({ settings, versions }).slice(0, 12),
        seed: config.seeds[0]!,
        seeds: config.seeds,
        backend: this.backend.id,
        preset: config.preset ?? 'none',
        synthetic: this.cells.some(({ synthetic }) => synthetic),
        corpora: corpora.map(({ id }) => id),
        ...(this.plan.validation ? { validationCorpus: this.plan.validation.entry.id } : {}),
        settings,
        versions,
        command,
        ...(this.study ? { study: this.study } : {}),
      },
      methods: rows.map((row) => ({
        id: row.id,
        title: rowTitle(row),
        question: row.kind === 'method' ? row.entry.info.question : row.kind,
        extension: row.kind === 'method' && row.entry.info.extension,
        control: row.kind === 'control',
      })),
      tasks: tasks.map(({ id, info }) => ({
        id,
        title: info.title,
        modality: info.modality,
        protocols: listTaskProtocols(info, this.registry.catalogue, this.plan.config.evaluation),
        licence: info.licence,
        access: info.access,
        citation: info.citation,
        pictures: mayShow(info) ? 'shown' : 'withheld',
      })),
      protocols: describeProtocols(
        this.registry.catalogue,
        new Set(this.plan.cells.flatMap(({ protocols }) => protocols)),
      ),
      corpora: this.#corpora(),
      training: this.training,
      cells: this.cells,
      ...(statistics ? { statistics } : {}),
    };
  }

  /** Describes the corpora that the rows train and validate on and those of the general-domain weights; empty if no row trains. */
  #corpora(): CorpusSummary[] {
    const { rows, corpora, validation, config } = this.plan;
    if (!rows.some(({ kind }) => kind === 'method')) return [];
    const { general } = config;
    const usedIds = new Set([
      ...corpora.map(({ id }) => id),
      ...(validation ? [validation.entry.id] : []),
      ...(general.weights === null ? [general.corpus] : []),
    ]);
    return entriesOfKind(this.registry.catalogue, 'corpus')
      .filter(({ id }) => usedIds.has(id))
      .map(({ info: { id, title, domain, licence, access, source, citation } }) => ({
        ...{ id, title, domain, licence, access, source },
        ...(citation === undefined ? {} : { citation }),
      }));
  }
}

/** Returns the title of a row, with its settings in parentheses if its id has any. */
function rowTitle(row: PlanRow): string {
  if (row.kind === 'embeddings') return row.id;
  const { title } = row.entry.info;
  return row.id === row.entry.id ? title : `${title} (${row.id.slice(row.entry.id.length + 1)})`;
}

/** Flattens the settings into one record (`training.steps: 600`), for `results.json`. */
export function flatSettings(config: Config): Record<string, string | number | boolean> {
  const flat: Record<string, string | number | boolean> = {};
  const walk = (path: string, value: unknown): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, child] of Object.entries(value)) walk(path ? `${path}.${key}` : key, child);
    } else {
      flat[path] =
        typeof value === 'number' || typeof value === 'boolean'
          ? value
          : Array.isArray(value)
            ? value.join(',')
            : String(value);
    }
  };
  walk('', config);
  return flat;
}
