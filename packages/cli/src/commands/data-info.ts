import type { CorpusInfo, TaskInfo } from '@medbench/core';
import { entriesOfKind, unknownIdError } from '@medbench/core/catalogue';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { FLAG } from '../flags.js';

/** Runs `medbench data info`: prints the data card of a task or corpus. */
async function dataInfo(id: string, options: { json?: boolean; config?: string }): Promise<number> {
  const { openWorkspace } = await import('@medbench/api/workspace');
  const { catalogue } = await openWorkspace(process.cwd(), options.config);
  const entries = [...entriesOfKind(catalogue, 'task'), ...entriesOfKind(catalogue, 'corpus')];
  const entry = entries.find((candidate) => candidate.id === id);
  if (!entry)
    throw unknownIdError(
      'data set',
      id,
      entries.map((candidate) => candidate.id),
      'medbench list tasks, medbench list corpora',
    );
  const { howToObtain } = await import('@medbench/runner');
  const card = { kind: entry.kind, package: entry.package.name, ...entry.info };
  if (options.json) console.log(JSON.stringify(card, null, 1));
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
    .addHelpText('after', '\nExample:\n  medbench data info ham10000')
    .action(async (id, options) => done(await dataInfo(id, options)));
};
