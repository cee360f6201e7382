import type { CorpusInfo, DataContext, DataInspection, TaskInfo } from '@medbench/core';
import { errorMessage, isMedbenchError } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { type FoundFile, findFile } from './files.js';

/**
 * State of a data set. `ok`: as published. `differs`: not as published. `missing`: a file is missing. `broken`: it
 * cannot be read. `generated`: it is a phantom, which never counts as the real data set.
 */
export type DataVerdict = 'ok' | 'differs' | 'missing' | 'broken' | 'generated';

/** The counted size of a split and, if known, its published size. */
export interface CountedSplit {
  readonly split: string;
  readonly examples: number;
  readonly expected?: number;
  readonly groups?: number;
}

/** The report of `medbench data verify` on a data set. It never contains any of the data. */
export interface DataVerification {
  readonly kind: 'task' | 'corpus';
  readonly id: string;
  readonly title: string;
  readonly verdict: DataVerdict;
  readonly files: readonly FoundFile[];
  readonly splits: readonly CountedSplit[];
  readonly differences: readonly string[];
  readonly notes: readonly string[];
  /** Why the data set cannot be read, with a hint. */
  readonly error?: string;
  /** How to obtain the data set, if a file is missing. */
  readonly obtain?: string;
}

export interface VerifyOptions {
  readonly dataRoot: string;
  readonly cacheRoot: string;
  readonly settings: DataContext['settings'];
  /** Require published checksums to match, and verify files above 1 GiB too. */
  readonly checksums?: boolean;
  /** Count and list all unreadable rows, instead of stopping at the first. */
  readonly skipBad?: boolean;
}

type Entry = CatalogueEntry<'task'> | CatalogueEntry<'corpus'>;

/**
 * Compares the files below a data root with what is published about a task or corpus: files, checksums, counts. It
 * downloads nothing but what the settings name by an address, and its report contains no image or text of the data.
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
    const notes = ['its plugin does not count examples: only the presence of the files was checked'];
    return { ...base, verdict: judgeFiles(files), splits: [], differences: [], notes };
  }
  const { splits, differences } = compare(entry, inspection);
  const repacked: string[] = [];
  for (const { found: path, md5 } of files) {
    if (md5 !== 'differs') continue;
    // Copies of a data set are often repacked. If all counts by class are as published, the data are not at fault.
    const difference = `${path} is not the published file byte for byte (MD5)`;
    if (checksums || differences.length > 0 || !countedByClass(entry, inspection)) differences.push(difference);
    else repacked.push(`${difference}, but all its counts are as published: repacked, or in another order`);
  }
  const leftOut = skipped.size > 0 ? [`${skipped.size} left out: ${[...skipped].slice(0, 20).join('; ')}`] : [];
  const unchecked = files.filter(({ md5 }) => md5 === 'unchecked').map(({ found: path }) => path);
  const notes = [
    ...new Set([...inspection.notes, ...leftOut, ...repacked]),
    ...(unchecked.length > 0
      ? [`checksum not verified, because the file is large: ${unchecked.join(', ')} (use --checksums)`]
      : []),
    ...(kind === 'task' && info.counted ? [`the published numbers count ${info.counted}`] : []),
  ];
  const verdict = inspection.synthetic ? 'generated' : differences.length > 0 || skipped.size > 0 ? 'differs' : 'ok';
  return { ...base, verdict, splits, differences: inspection.synthetic ? [] : differences, notes };
}

/** Whether every split of a task has published counts by class, which `compare` has checked. */
const countedByClass = ({ kind, info }: Entry, { splits }: DataInspection): boolean =>
  kind === 'task' && Object.entries(splits).every(([split, { classes }]) => classes && info.classCounts?.[split]);

/** Judges a data set by its checksums alone. */
const judgeFiles = (files: readonly FoundFile[]): DataVerdict =>
  files.some(({ md5 }) => md5 === 'differs') ? 'differs' : 'ok';

/** Compares the counts of each split with the published ones, for splits that both have. */
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
  // If the data set has no published split, compare the sum over medbench's own splits.
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

/**
 * Returns the published sizes of a task's splits; none if medbench defines the split, or if they count something else.
 */
function publishedSizes({ splits, classCounts, counted }: TaskInfo): Readonly<Record<string, number>> {
  if (counted || classCounts?.all) return {};
  return Object.fromEntries(Object.entries(splits).filter(([, examples]) => examples > 0));
}

/** Describes where to obtain a data set and what must be signed for it. */
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
  return `${source ?? 'source unknown'}; ${terms[access]} (${licence})`;
}
