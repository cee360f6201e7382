import { resolve } from 'node:path';
import { printable, resolveSettings } from '@medbench/core';
import { type CatalogueEntry, everyEntry, findEntry } from '@medbench/core/catalogue';
import type { DataExamination } from '@medbench/runner';
import { Option } from 'commander';
import pc from 'picocolors';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { collect, FLAG, parseCount } from '../flags.js';

/** Flags of `medbench data verify`. */
export interface VerifyFlags {
  readonly tasks?: string;
  readonly corpora?: string;
  readonly data?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly checksums?: boolean;
  readonly skipBad?: boolean;
  readonly sample?: number;
  readonly strict?: boolean;
  readonly json?: boolean;
}

const splitIds = (value: string | undefined): string[] =>
  (value ?? '')
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');

/**
 * Runs `medbench data verify`.
 * @returns 0; 1 if a named data set is missing, generated or not as published, or if with `all` an existing data set
 *   is damaged or not as published.
 */
async function dataVerify(flags: VerifyFlags): Promise<number> {
  const [{ mergeTrees, parseSet, examineData }, { cacheFolder, readConfig, openWorkspace, openRegistry }] =
    await Promise.all([import('@medbench/runner'), import('@medbench/api/workspace')]);
  const cwd = process.cwd();
  const workspace = await openWorkspace(cwd, flags.config);
  const assignments = (flags.set ?? []).map(parseSet);
  const config = await readConfig(workspace, mergeTrees(...assignments, flags.data ? { dataRoot: flags.data } : {}));
  const { catalogue } = workspace;
  const tasks = splitIds(flags.tasks);
  const corpora = splitIds(flags.corpora);
  if (tasks.length + corpora.length === 0) tasks.push('all');
  const selectEntries = <K extends 'task' | 'corpus'>(kind: K, ids: readonly string[]): CatalogueEntry<K>[] =>
    ids.includes('all')
      ? everyEntry(catalogue, kind).filter(({ info }) => info.access !== 'generated' && (info.files ?? []).length > 0)
      : ids.map((id) => findEntry(catalogue, kind, id));
  const entries = [...selectEntries('task', tasks), ...selectEntries('corpus', corpora)];
  const registry = await openRegistry(workspace);
  const dataRoot = resolve(cwd, config.dataRoot);
  const outcomes: DataExamination[] = [];
  let failed = false;
  if (!flags.json) console.log(`Data sets below ${dataRoot}\n`);
  for (const entry of entries) {
    const { kind, info } = entry;
    const settings =
      kind === 'task'
        ? resolveSettings('taskSettings', info, config.taskSettings[info.id])
        : resolveSettings('corpusSettings', info, config.corpusSettings[info.id]);
    const outcome = await examineData(registry, entry, {
      ...{ dataRoot, cacheRoot: cacheFolder(cwd), settings },
      checksums: flags.checksums ?? false,
      skipBad: flags.skipBad ?? false,
      ...(flags.sample === undefined ? {} : { sample: flags.sample }),
    });
    const named = (kind === 'task' ? tasks : corpora).includes(info.id);
    failed ||= outcome.verdict === 'broken' || outcome.verdict === 'differs' || (named && outcome.verdict !== 'ok');
    failed ||= flags.strict === true && outcome.problems.length > 0;
    outcomes.push(outcome);
    if (!flags.json) for (const line of renderOutcome(outcome)) console.log(line);
  }
  if (flags.json) console.log(JSON.stringify({ dataRoot, data: outcomes }, null, 1));
  else console.log(`\n${summary(outcomes)}`);
  return failed ? EXIT.failed : EXIT.ok;
}

const COLOURS = { ok: pc.green, differs: pc.yellow, missing: pc.dim, broken: pc.red, generated: pc.cyan } as const;

function renderOutcome(outcome: DataExamination): string[] {
  const { id, verdict, files, splits, differences, problems, notes, error, obtain } = outcome;
  const counts = splits
    .map(
      ({ split, examples, expected }) =>
        `${split} ${examples}${expected === undefined || expected === examples ? '' : ` of ${expected}`}`,
    )
    .join(', ');
  const lines = [`${COLOURS[verdict](verdict.padEnd(9))}  ${id.padEnd(22)} ${counts}`.trimEnd()];
  // File names and values of the data may hold anything.
  const add = (sign: string, text: string): void => void lines.push(`             ${sign} ${printable(text)}`);
  if (verdict === 'missing') {
    for (const { found: path, paths, what } of files)
      if (path === undefined) add('-', `${paths.join(' or ')}: ${what}`);
    add('→', obtain ?? '');
  }
  if (error) add('!', error);
  for (const difference of differences) add('≠', difference);
  for (const { severity, message, example, remedy } of problems) {
    add(severity === 'error' ? pc.red('✗') : pc.yellow('▲'), message);
    if (example) add(' ', `example: ${example}`);
    add(' ', remedy);
  }
  for (const note of notes) add('·', note);
  const checked = files.filter(({ md5 }) => md5 === 'ok').map(({ found: path }) => path);
  if (checked.length > 0) add('·', `matches the published checksum: ${checked.join(', ')}`);
  return lines;
}

function summary(outcomes: readonly DataExamination[]): string {
  const counts = (['ok', 'differs', 'broken', 'generated', 'missing'] as const).flatMap((verdict) => {
    const count = outcomes.filter((outcome) => outcome.verdict === verdict).length;
    return count > 0 ? [`${count} ${verdict}`] : [];
  });
  return `${outcomes.length} data sets: ${counts.join(', ')}. Nothing was downloaded.`;
}

export const dataVerifyCommand: DeclareCommand = (program, done) => {
  program
    .command('verify')
    .description('check a data folder: files, checksums, counts, every image and text (downloads nothing)')
    .option('--tasks <ids>', 'ids separated by commas, or all (default: all)')
    .option('--corpora <ids>', 'ids separated by commas, or all')
    .addOption(FLAG.data())
    .option('--checksums', 'require published checksums to match, and verify files above 1 GiB too')
    .option('--skip-bad', 'list all rows that cannot be read, instead of stopping at the first')
    .addOption(new Option('--sample <n>', 'images of each split to open (default: 32)').argParser(parseCount))
    .option('--strict', 'exit code 1 for warnings too')
    .option('--config <file>', 'configuration file')
    .option(
      '--set <path=value>',
      'any setting, for example taskSettings.ham10000.split=paper-like (repeatable)',
      collect,
    )
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      `
Every image is looked for, a sample is opened, and grey levels, texts, and images that two splits share are checked.
✗ marks an error, which ends a run or makes its figures wrong; ▲ marks a warning.

Exit code 1 if a named data set is not as published or has an error or, with all, if one that exists does.

Examples:
  medbench data verify --tasks all --data ./data
  medbench data verify --tasks pneumoniamnist,vqa-rad --corpora roco`,
    )
    .action(async (options) => done(await dataVerify(options)));
};
