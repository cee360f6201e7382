import type { CorpusInfo, DataContext, DataInspection, TaskInfo } from '@medbench/core';
import { errorMessage, isMedbenchError } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { type FoundFile, findFile } from './files.js';

/**
 * How a data set stands: as published; other than published; not there; there, but not to be read; generated, which never
 * passes for the real one.
 */
export type DataVerdict = 'ok' | 'differs' | 'missing' | 'broken' | 'generated';

/** One split: what was counted beside what is published. */
export interface CountedSplit {
  readonly split: string;
  readonly examples: number;
  readonly expected?: number;
  readonly groups?: number;
}

/** What `medbench data verify` says of a data set. It never holds any of the data. */
export interface DataVerification {
  readonly kind: 'task' | 'corpus';
  readonly id: string;
  readonly title: string;
  readonly verdict: DataVerdict;
  readonly files: readonly FoundFile[];
  readonly splits: readonly CountedSplit[];
  readonly differences: readonly string[];
  readonly notes: readonly string[];
  /** Why it cannot be read, with the way out. */
  readonly error?: string;
  /** What must be done to have it, where something is missing. */
  readonly obtain?: string;
}

export interface VerifyOptions {
  readonly dataRoot: string;
  readonly cacheRoot: string;
  readonly settings: DataContext['settings'];
  /** Insist on published checksums, of files above 1 GiB too. */
  readonly checksums?: boolean;
  /** Count and name all bad rows, instead of ending with the first. */
  readonly skipBad?: boolean;
}

type Entry = CatalogueEntry<'task'> | CatalogueEntry<'corpus'>;

/**
 * Compares what lies below a data root with what is published of a task or corpus: files, checksums, counts. Nothing is
 * ever fetched, and no image or text of the data is in the outcome.
 */
export async function verifyData(registry: Registry, entry: Entry, options: VerifyOptions): Promise<DataVerification> {
  const { kind, info } = entry;
  const { dataRoot, cacheRoot, settings, checksums = false, skipBad = false } = options;
  const files = await Promise.all((info.files ?? []).map((file) => findFile(dataRoot, file, checksums)));
  const base = { kind, id: info.id, title: info.title, files };
  const missing = files.filter(({ found }) => found === undefined);
  if (missing.length > 0) {
    return { ...base, verdict: 'missing', splits: [], differences: [], notes: [], obtain: howToObtain(info) };
  }
  const skipped = new Set<string>();
  const context = {
    ...{ dataRoot, cacheRoot, settings, skipBad, seed: 0, log: () => {}, tasks: [] },
    skip: (what: string) => void skipped.add(what),
  };
  let inspection: DataInspection | undefined;
  try {
    const plugin = kind === 'task' ? await registry.get('task', info.id) : await registry.get('corpus', info.id);
    inspection = await plugin.inspect?.(context);
  } catch (error) {
    const hint = isMedbenchError(error) && error.hint ? ` ${error.hint}` : '';
    const message = `${errorMessage(error)}.${hint}`;
    return { ...base, verdict: 'broken', splits: [], differences: [], notes: [], error: message };
  }
  if (!inspection) {
    const notes = ['its plugin counts nothing: only the files were looked for'];
    return { ...base, verdict: judgeFiles(files), splits: [], differences: [], notes };
  }
  const { splits, differences } = compare(entry, inspection);
  const repacked: string[] = [];
  for (const { found: path, md5 } of files) {
    if (md5 !== 'differs') continue;
    // Copies of a set are often packed anew: where every count by class is as published, that is no fault of the data.
    const difference = `${path} is not the published file byte for byte (MD5)`;
    if (checksums || differences.length > 0 || !countedByClass(entry, inspection)) differences.push(difference);
    else repacked.push(`${difference}, but all its counts are as published: packed anew, or in another order`);
  }
  const leftOut = skipped.size > 0 ? [`${skipped.size} left out: ${[...skipped].slice(0, 20).join('; ')}`] : [];
  const unchecked = files.filter(({ md5 }) => md5 === 'unchecked').map(({ found: path }) => path);
  const notes = [
    ...new Set([...inspection.notes, ...leftOut, ...repacked]),
    ...(unchecked.length > 0 ? [`not checked for their size: ${unchecked.join(', ')} (--checksums)`] : []),
    ...(kind === 'task' && info.counted ? [`the published numbers count ${info.counted}`] : []),
  ];
  const verdict = inspection.synthetic ? 'generated' : differences.length > 0 || skipped.size > 0 ? 'differs' : 'ok';
  return { ...base, verdict, splits, differences: inspection.synthetic ? [] : differences, notes };
}

/** Whether every split of a task has published counts by class, which `compare` has held against it. */
const countedByClass = ({ kind, info }: Entry, { splits }: DataInspection): boolean =>
  kind === 'task' && Object.entries(splits).every(([split, { classes }]) => classes && info.classCounts?.[split]);

const judgeFiles = (files: readonly FoundFile[]): DataVerdict =>
  files.some(({ md5 }) => md5 === 'differs') ? 'differs' : 'ok';

/** Counts beside the published ones, as far as both have a split of that name. */
function compare({ kind, info }: Entry, { splits }: DataInspection): { splits: CountedSplit[]; differences: string[] } {
  const differences: string[] = [];
  const published = kind === 'task' ? publishedSizes(info) : (info.pairs ?? {});
  const byClass = kind === 'task' && !info.counted ? (info.classCounts ?? {}) : {};
  const counted = Object.entries(splits).map(([split, { examples, classes, groups }]): CountedSplit => {
    const expected = published[split];
    if (expected !== undefined && expected !== examples)
      differences.push(`${split}: ${examples}, published ${expected}`);
    const publishedClasses = byClass[split];
    if (publishedClasses && classes && publishedClasses.join() !== classes.join()) {
      differences.push(`${split} by class: ${classes.join(', ')}, published ${publishedClasses.join(', ')}`);
    }
    return {
      split,
      examples,
      ...(expected === undefined ? {} : { expected }),
      ...(groups === undefined ? {} : { groups }),
    };
  });
  // Where the data set has no published split, the sum over ours counts.
  if (byClass.all) {
    const sums = byClass.all.map((_, label) =>
      Object.values(splits).reduce((sum, { classes }) => sum + (classes?.[label] ?? 0), 0),
    );
    if (sums.join() !== byClass.all.join()) {
      differences.push(`by class: ${sums.join(', ')}, published ${byClass.all.join(', ')}`);
    }
  }
  return { splits: counted, differences };
}

/** Published sizes of a task's splits; none where its split is ours, or where they count something else. */
function publishedSizes({ splits, classCounts, counted }: TaskInfo): Readonly<Record<string, number>> {
  if (counted || classCounts?.all) return {};
  return Object.fromEntries(Object.entries(splits).filter(([, examples]) => examples > 0));
}

/** Where a data set is obtained and what must be signed. */
export function howToObtain({
  source,
  access,
  licence,
}: Pick<TaskInfo | CorpusInfo, 'source' | 'access' | 'licence'>): string {
  const terms: Readonly<Record<string, string>> = {
    open: 'open to anyone',
    agreement: 'after you have signed its agreement',
    credentialed: 'for credentialed users who have signed its agreement',
    generated: 'written by medbench data phantoms',
  };
  return `${source ?? 'its source is not known'}; ${terms[access]} (${licence})`;
}
