import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { ensureFolder, hashJson, readSealed, seal, writeFileAtomic } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { BackendReport } from '@medbench/runner';

/** The training step of a row, as it runs on this machine. */
export interface TimedStep {
  readonly row: string;
  /** Ids of the encoders. */
  readonly encoders: { readonly image: string; readonly text: string };
  readonly batchSize: number;
  readonly threads: number;
  /** Identifies the step and the machine: all that changes its time but the backend. */
  readonly key: string;
}

/** The time of a step on one backend. */
export interface StepTime {
  readonly backend: string;
  /** The faster of two steps, in milliseconds. */
  readonly ms: number;
}

/** A step with its times on backends, the fastest first. */
export interface MeasuredStep extends Omit<TimedStep, 'key'> {
  readonly times: readonly StepTime[];
}

/** A file of the cache: one step on one backend. */
interface KeptTime extends TimedStep, StepTime {
  readonly format: typeof FORMAT;
  /** Identifies the backend and its version. */
  readonly version: string;
}

/** Increase the number when the meaning of the files changes. */
const FORMAT = 1;

/** Identifies this machine: a cache may be shared by several. */
export const machineKey = (): string => `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`;

/** Identifies a backend by its package and by what it says of itself, which names the version below it. */
const versionOf = ({ entry, status }: BackendReport): string => {
  const { id, package: origin }: CatalogueEntry = entry;
  return hashJson([`${origin.name}@${origin.version}/${id}`, status.reason]);
};

/** Folder of what was measured on this machine. */
export const speedsFolder = (cache: string): string => join(cache, 'speeds', hashJson(machineKey()).slice(0, 16));

/** Keeps the time of a step, in place of an earlier one. */
export async function keepTime(cache: string, step: TimedStep, { report, ms }: { report: BackendReport; ms: number }) {
  const folder = speedsFolder(cache);
  await ensureFolder(folder);
  const kept: KeptTime = { format: FORMAT, ...step, backend: report.entry.id, version: versionOf(report), ms };
  await writeFileAtomic(
    join(folder, `${step.key.slice(0, 32).replaceAll(/\W/g, '-')}.${report.entry.id}.json`),
    JSON.stringify(seal(kept)),
  );
}

/** Names of the kept times; none before anything was measured. */
const listFiles = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];

/** Whether times of steps were kept on this machine: without, nothing needs to be asked of the backends. */
export const hasTimes = (cache: string): boolean => listFiles(speedsFolder(cache)).length > 0;

/**
 * The steps that were timed on this machine on two or more of the backends that work, in the order of their rows.
 * @param reports the backends, as they are now: times of another version do not count.
 * @param keys the steps to return. Default: all.
 */
export function readTimes(
  cache: string,
  reports: readonly BackendReport[],
  keys?: ReadonlySet<string>,
): readonly MeasuredStep[] {
  const folder = speedsFolder(cache);
  const working = reports.filter(({ status }) => status.available);
  const versions = new Map(working.map((report) => [report.entry.id, versionOf(report)]));
  const steps = new Map<string, { step: Omit<TimedStep, 'key'>; times: StepTime[] }>();
  for (const name of listFiles(folder)) {
    const file = readSealed<KeptTime>(join(folder, name));
    // A damaged file is measured again when somebody asks for it.
    if (file.state !== 'intact' || file.value.format !== FORMAT) continue;
    const kept = file.value;
    if ((keys && !keys.has(kept.key)) || versions.get(kept.backend) !== kept.version) continue;
    const { key, row, encoders, batchSize, threads, backend, ms } = kept;
    const known = steps.get(key) ?? { step: { row, encoders, batchSize, threads }, times: [] };
    known.times.push({ backend, ms });
    steps.set(key, known);
  }
  return [...steps.values()]
    .filter(({ times }) => times.length > 1)
    .map(({ step, times }) => ({ ...step, times: times.sort((a, b) => a.ms - b.ms) }))
    .sort((a, b) => a.row.localeCompare(b.row));
}
