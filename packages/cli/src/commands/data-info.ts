import { type CorpusInfo, MedbenchError, type TaskInfo } from '@medbench/core';
import { entriesOfKind, unknownIdError } from '@medbench/core/catalogue';
import { Option } from 'commander';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { FLAG } from '../flags.js';

interface DataInfoOptions {
  readonly format?: 'text' | 'croissant';
  readonly json?: boolean;
  readonly config?: string;
}

/** Runs `medbench data info`: prints the data card of a task or corpus. */
async function dataInfo(id: string, { format, json, config }: DataInfoOptions): Promise<number> {
  if (json && format === 'croissant') {
    throw new MedbenchError('usage', '--json and --format croissant exclude each other', {
      hint: 'Both print JSON: --json the data card of medbench, --format croissant the metadata of Croissant.',
    });
  }
  const { openWorkspace } = await import('@medbench/api/workspace');
  const { catalogue } = await openWorkspace(process.cwd(), config);
  const entries = [...entriesOfKind(catalogue, 'task'), ...entriesOfKind(catalogue, 'corpus')];
  const entry = entries.find((candidate) => candidate.id === id);
  if (!entry)
    throw unknownIdError(
      'data set',
      id,
      entries.map((candidate) => candidate.id),
      'medbench list tasks, medbench list corpora',
    );
  const { croissant, howToObtain } = await import('@medbench/runner');
  const card = { kind: entry.kind, package: entry.package.name, ...entry.info };
  if (format === 'croissant') console.log(JSON.stringify(croissant(entry), null, 1));
  else if (json) console.log(JSON.stringify(card, null, 1));
  else for (const line of [...describeSource(entry.info, howToObtain), ...describeContents(entry)]) console.log(line);
  return EXIT.ok;
}

const row = (name: string, value: string): string => `  ${name.padEnd(12)} ${value}`;
const list = (name: string, values: readonly string[]): string[] =>
  values.map((value, i) => row(i === 0 ? name : '', value));

/** Returns the lines of a data card that tasks and corpora share: title, source, citation, files. */
function describeSource(info: TaskInfo | CorpusInfo, obtain: (info: TaskInfo | CorpusInfo) => string): string[] {
  return [
    `${info.title} (${info.id})`,
    '',
    row('obtained', obtain(info)),
    ...(info.citation ? [row('citation', info.citation)] : []),
    ...list(
      'files',
      (info.files ?? []).map(({ path, what }) => `${[path].flat().join(' or ')}: ${what}`),
    ),
  ];
}

type Entry =
  | { readonly kind: 'task'; readonly info: TaskInfo }
  | { readonly kind: 'corpus'; readonly info: CorpusInfo };

/** Returns the lines of a data card about the contents: examples or pairs, classes, settings, caveats. */
function describeContents(entry: Entry): string[] {
  const settings = Object.entries(entry.info.settings ?? {}).map(
    ([name, spec]) =>
      `${name} = ${JSON.stringify(spec.default)}${spec.choices ? ` of ${spec.choices.join(', ')}` : ''}: ${spec.description}`,
  );
  if (entry.kind === 'corpus') {
    const { domain, pairs } = entry.info;
    const counts = Object.entries(pairs ?? {}).map(([split, count]) => `${split} ${count}`);
    return [row('domain', domain), ...list('pairs', counts), ...list('settings', settings)];
  }
  const {
    modality,
    kind,
    protocols,
    metric,
    splits,
    classes,
    phrases = classes,
    classCounts = {},
    templates,
    caveats,
  } = entry.info;
  const counts = Object.entries(splits).flatMap(([split, count]) => (count > 0 ? [`${split} ${count}`] : []));
  const byClass = classes.map((name, label) => {
    const numbers = Object.entries(classCounts).map(([split, each]) => `${split} ${each[label]}`);
    const phrase = phrases[label] === name ? '' : `: ${phrases[label]}`;
    return `${label} ${name}${phrase}${numbers.length > 0 ? ` (${numbers.join(', ')})` : ''}`;
  });
  return [
    row('modality', modality),
    row('kind', `${kind} (${protocols.map((protocol) => `${protocol}: ${metric[protocol] ?? ''}`).join('; ')})`),
    row('examples', `${counts.join(', ')}${entry.info.counted ? `: ${entry.info.counted}` : ''}`),
    ...list('classes', byClass),
    ...list('templates', templates ?? []),
    ...list('settings', settings),
    ...list('caveats', caveats ?? []),
  ];
}

export const dataInfoCommand: DeclareCommand = (program, done) => {
  program
    .command('info')
    .description('print the data card of a task or corpus: classes, splits, licence, source, files, prompts, settings')
    .argument('<id>', 'id from medbench list tasks or medbench list corpora')
    .addOption(FLAG.config())
    .option('--json', 'machine-readable')
    .addOption(
      new Option('--format <format>', 'text, or croissant: metadata of the data set as JSON-LD (Croissant 1.0)')
        .choices(['text', 'croissant'])
        .default('text'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  medbench data info ham10000\n  medbench data info ham10000 --format croissant > ham10000.croissant.json',
    )
    .action(async (id, options) => done(await dataInfo(id, options)));
};
