import { MedbenchError, type SettingSpec } from '@medbench/core';
import { type Catalogue, entriesOfKind, unknownIdError } from '@medbench/core/catalogue';
import { inColumns } from '../columns.js';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { FLAG } from '../flags.js';

type Info = Readonly<Record<string, unknown>>;

/** Columns of the printed table; `--json` prints all fields. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  methods: ['id', 'question', 'extension', 'title', 'package'],
  objectives: ['id', 'settings', 'title', 'package'],
  tasks: ['id', 'modality', 'kind', 'protocols', 'access', 'package'],
  protocols: ['id', 'kinds', 'primary', 'title', 'package'],
  encoders: ['id', 'modality', 'layers', 'width', 'parameters', 'tokens', 'package'],
  corpora: ['id', 'domain', 'access', 'title', 'package'],
  backends: ['id', 'available', 'reason'],
  launchers: ['id', 'settings', 'title', 'package'],
  trackers: ['id', 'settings', 'title', 'package'],
  controls: ['id', 'protocols', 'title', 'package'],
  plugins: ['package', 'version', 'state', 'why', 'reason'],
  presets: ['id', 'title', 'package'],
  studies: ['id', 'title', 'question'],
};

/** The kinds that can be listed. */
const KINDS: readonly string[] = Object.keys(COLUMNS);

/** Lists all packages that have plugins or look as if they had. */
function listPluginPackages({ packages, broken, suspects }: Catalogue): Info[] {
  const installed = packages.map((plugin) => {
    const refused = broken.find((entry) => entry.package === plugin);
    const { name, version, why, dir } = plugin;
    return { package: name, version, state: refused ? 'broken' : 'ok', why, dir, reason: refused?.reason };
  });
  const untaken = suspects.map(({ name, ...rest }) => ({ package: name, state: 'not taken', ...rest }));
  return [...installed, ...untaken];
}

/** Lists the info of everything of one kind. */
async function listInfo(kind: string, catalogue: Catalogue): Promise<Info[]> {
  const listKind = (pluginKind: Parameters<typeof entriesOfKind>[1]): Info[] =>
    entriesOfKind(catalogue, pluginKind).map(({ info, package: { name } }) => ({ package: name, ...info }));
  switch (kind) {
    case 'methods':
      return listKind('method');
    case 'objectives':
      return listKind('objective');
    case 'tasks':
      // Scripts read `pictures`, the first name of this field.
      return listKind('task').map((task) => ({ ...task, ...('images' in task && { pictures: task.images }) }));
    case 'protocols':
      return listKind('protocol');
    case 'encoders':
      return listKind('encoder');
    case 'corpora':
      return listKind('corpus');
    case 'launchers':
      return listKind('launcher');
    case 'trackers':
      return listKind('tracker');
    case 'controls':
      return listKind('control');
    case 'presets':
      return catalogue.presets.map(({ id, title, package: name, config }) => ({ id, title, package: name, config }));
    case 'studies':
      return (await import('@medbench/studies')).STUDIES.map((study) => ({ ...study }));
    case 'plugins':
      return listPluginPackages(catalogue);
    default: {
      const { backendReports } = await import('./doctor.js');
      return (await backendReports(catalogue)).map(({ entry, status }) => ({ id: entry.id, ...status }));
    }
  }
}

function cellText(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object' && value !== null) return settingsText(value as Readonly<Record<string, SettingSpec>>);
  return String(value ?? '');
}

/** Formats settings with their defaults, in the notation of `sum:` selectors. */
const settingsText = (settings: Readonly<Record<string, SettingSpec>>): string =>
  Object.entries(settings)
    .map(([name, spec]) => `${name}=${spec.default}`)
    .join(', ');

/** Runs `medbench list KIND`. */
async function list(kind: string, options: { json?: boolean; config?: string }): Promise<number> {
  if (!KINDS.includes(kind)) {
    const { hint } = unknownIdError('kind', kind, KINDS, 'medbench list --help');
    throw new MedbenchError('usage', `There is nothing called "${kind}" to list`, hint ? { hint } : {});
  }
  const { openWorkspace } = await import('@medbench/api/workspace');
  const { catalogue } = await openWorkspace(process.cwd(), options.config);
  // A listing must be complete, so packages that cannot be listed are reported.
  if (kind !== 'plugins') {
    for (const {
      package: { name },
      reason,
    } of catalogue.broken) {
      process.stderr.write(`warning: ${name} cannot be used: ${reason}\n`);
    }
  }
  const rows = await listInfo(kind, catalogue);
  if (options.json) {
    console.log(JSON.stringify(rows, null, 1));
    return EXIT.ok;
  }
  const columns = COLUMNS[kind] ?? [];
  const cells = rows.map((row) => columns.map((column) => cellText(row[column])));
  console.log(inColumns([columns, ...cells]));
  return EXIT.ok;
}

export const listCommand: DeclareCommand = (program, done) => {
  program
    .command('list')
    .description('list everything of one kind, one row each')
    .argument('<kind>', KINDS.join(', '))
    .addOption(FLAG.config())
    .option('--json', 'machine-readable')
    .addHelpText('after', '\nExamples:\n  medbench list methods\n  medbench list tasks --json')
    .action(async (kind, options) => done(await list(kind, options)));
};
