import { cpus, platform, totalmem } from 'node:os';
import type {
  CorpusSummary,
  ProtocolId,
  ResultCell,
  RunResults,
  RunStatistics,
  StudyRecord,
  TrainingRecord,
} from '@medbench/core';
import { hashJson, mayShow } from '@medbench/core';
import { entriesOfKind, findEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { flatSettings } from './config/flat.js';
import type { Config } from './config/schema.js';
import type { Plan } from './plan/plan.js';
import { describeProtocols, listTaskProtocols, primaryMetric } from './plan/protocols.js';
import type { PlanRow } from './plan/rows.js';
import { type ChosenBackend, Services } from './services.js';
import type { RunStore } from './store/index.js';

/** Where a run was started: what another process needs besides the settings. All paths are absolute. */
export interface RunHome {
  readonly host: string;
  readonly cwd: string;
  readonly dataRoot: string;
  readonly cacheRoot: string;
  /** Plugins that the configuration file names. */
  readonly plugins: readonly string[];
  /** Whether only built-in plugins were used. */
  readonly builtInOnly: boolean;
}

/** A row of a planned table, and the protocols that may measure it. */
export type PlannedTableRow = RunResults['methods'][number] & { readonly protocols: readonly ProtocolId[] };

/**
 * The table that a run fills, for whoever follows it without its plugins. A row has a cell in each column whose protocol is
 * one of its own.
 */
export interface PlannedTable {
  readonly rows: readonly PlannedTableRow[];
  readonly tasks: RunResults['tasks'];
  readonly protocols: NonNullable<RunResults['protocols']>;
  readonly columns: readonly { readonly task: string; readonly protocol: ProtocolId; readonly metric: string }[];
  /** Ids of the corpora that the rows train and validate on. */
  readonly corpora: readonly string[];
}

/** The part of `run.json` that programs read. */
export interface RunFile {
  readonly config: Config;
  readonly command: string;
  readonly study?: StudyRecord;
  /** Id of the backend. */
  readonly backend: string;
  /** Absent in runs of older versions. */
  readonly home?: RunHome;
  /** Absent in runs of older versions. */
  readonly table?: PlannedTable;
}

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
   * Writes `run.json`: the settings and the environment of the run, for people and for the processes that carry it out.
   * @param command the command that repeats the run.
   */
  writeRun(command: string, home?: RunHome): void {
    const { config } = this.plan;
    const { layout } = this.store;
    const before = this.store.readJson<RunFile>(layout.run)?.config;
    // Compared as JSON holds them.
    const now = JSON.parse(JSON.stringify(config)) as Config;
    const same = before !== undefined && hashJson(flatSettings(before)) === hashJson(flatSettings(now));
    // Whoever follows the run tells by it which files are of other settings.
    if (!same) this.store.writeJson(layout.begun, { time: new Date().toISOString() });
    this.store.writeJson(layout.run, {
      config,
      command,
      ...(this.study ? { study: this.study } : {}),
      backend: this.backend.id,
      ...(home ? { home } : {}),
      table: this.#planned(),
      hardware: { cpu: cpus()[0]?.model, cores: cpus().length, memory: totalmem(), platform: platform() },
      plugins: this.registry.catalogue.packages.map(({ name, version, why }) => ({ name, version, why })),
    } satisfies RunFile & Record<string, unknown>);
  }

  /** Writes all results so far to `results.json`, and returns them. */
  write(command: string, statistics?: RunStatistics): RunResults {
    const results = this.#collect(command, statistics);
    this.store.writeResults(results);
    return results;
  }

  #planned(): PlannedTable {
    const { cells, tasks, corpora, validation } = this.plan;
    const { catalogue } = this.registry;
    const described = this.#describe();
    const measured = (row: string): ProtocolId[] => [
      ...new Set(cells.filter((cell) => cell.row.id === row).flatMap(({ protocols }) => protocols)),
    ];
    return {
      rows: described.methods.map((row) => ({ ...row, protocols: measured(row.id) })),
      tasks: described.tasks,
      protocols: described.protocols,
      columns: described.tasks.flatMap(({ id: task, protocols }, i) =>
        protocols
          .filter((protocol) => described.protocols.some(({ id }) => id === protocol))
          .map((protocol) => ({
            ...{ task, protocol },
            metric: primaryMetric(tasks[i]!.info, findEntry(catalogue, 'protocol', protocol).info),
          })),
      ),
      corpora: [...corpora.map(({ id }) => id), ...(validation ? [validation.entry.id] : [])],
    };
  }

  /** Describes the rows and columns of the table. */
  #describe() {
    const { rows, tasks, config, cells } = this.plan;
    const { catalogue } = this.registry;
    return {
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
        protocols: listTaskProtocols(info, catalogue, config.evaluation),
        licence: info.licence,
        access: info.access,
        citation: info.citation,
        pictures: mayShow(info) ? ('shown' as const) : ('withheld' as const),
      })),
      protocols: describeProtocols(catalogue, new Set(cells.flatMap(({ protocols }) => protocols))),
    };
  }

  #collect(command: string, statistics?: RunStatistics): RunResults {
    const { config, corpora } = this.plan;
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
      ...this.#describe(),
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
