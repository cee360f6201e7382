import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_KEYS, PLUGIN_KEYWORD, readPlugin } from '../catalogue/manifest.js';
import { pluginClasses } from '../catalogue/materialise.js';
import type { SettingSpec } from '../contracts/settings.js';
import type { PluginMetadata } from '../decorators.js';
import { messageOf } from '../errors.js';
import { metricInfo } from '../metric-info.js';

const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** Packages of which there must be one copy in a process. */
const PEERS = ['@medbench/core', '@tensorflow/tfjs-core'];

/** Names that a sum keeps for itself. */
const OF_SUMS = { objective: 'start', setting: 'weight' };

function settingProblems(name: string, spec: SettingSpec): string[] {
  const problems: string[] = [];
  if (!spec.description) problems.push(`setting "${name}" has no description`);
  if (spec.choices && !spec.choices.includes(spec.default))
    problems.push(`setting "${name}": the default is no choice`);
  if (typeof spec.default === 'number') {
    const inside = spec.default >= (spec.min ?? -Infinity) && spec.default <= (spec.max ?? Infinity);
    if (!inside) problems.push(`setting "${name}": the default is out of bounds`);
  }
  return problems;
}

function factProblems({ kind, info }: PluginMetadata): string[] {
  const problems: string[] = [];
  if (!ID.test(info.id)) problems.push('the id is not kebab-case');
  for (const [name, value] of Object.entries(info)) {
    if (value === '' || value === undefined || value === null) problems.push(`the fact "${name}" is empty`);
  }
  if (kind === 'objective' && 'settings' in info) {
    if (info.id === OF_SUMS.objective) problems.push('a sum has another use for the id');
    if (info.settings && OF_SUMS.setting in info.settings)
      problems.push(`setting "${OF_SUMS.setting}": a sum has another use for the name`);
  }
  if ((kind === 'method' || kind === 'objective' || kind === 'protocol') && 'settings' in info) {
    for (const [name, spec] of Object.entries(info.settings ?? {})) problems.push(...settingProblems(name, spec));
  }
  if (kind === 'protocol' && 'primary' in info) {
    if (info.kinds.length === 0) problems.push('a protocol needs a kind of task');
    if (!metricInfo(info.metrics, info.primary))
      problems.push(`the primary metric ${info.primary} is not among its metrics`);
  }
  if (kind === 'task' && 'splits' in info) {
    if (info.protocols.length === 0) problems.push('a task needs a protocol');
    for (const protocol of info.protocols) {
      if (!info.metric[protocol]) problems.push(`no primary metric is named for ${protocol}`);
    }
    if (info.kind === 'classification' && info.classes.length < 2) problems.push('a classification task needs classes');
    if (new Set(info.classes).size !== info.classes.length) problems.push('two classes have one name');
    if (info.splits.test === 0) problems.push('the test split is empty');
  }
  return problems.map((problem) => `${kind} ${info.id}: ${problem}`);
}

/**
 * Checks a built plugin package as an author would want to know it before publishing: the manifest, its facts, the
 * dependencies of which there must be one copy, and that what the manifest says is what the code says.
 * @param dir folder of the package.
 * @returns what is wrong, in words; empty if nothing is.
 */
export async function checkPlugin(dir: string): Promise<string[]> {
  const file = join(dir, 'package.json');
  if (!existsSync(file)) return [`${file} is not there`];
  const json = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  try {
    const plugin = readPlugin(file, 'checked', 'this version');
    const problems: string[] = [];
    if (!plugin.keywords.includes(PLUGIN_KEYWORD)) problems.push(`the keyword "${PLUGIN_KEYWORD}" is missing`);
    if (!json.exports?.['./package.json']) problems.push('"./package.json" is not exported, so it cannot be found');
    for (const peer of PEERS) {
      if (json.dependencies?.[peer])
        problems.push(`${peer} must be a peer dependency: two copies do not know each other`);
    }
    const classes = await pluginClasses(plugin);
    if (classes.length === 0) problems.push('the entry exports no decorated class');
    for (const { metadata } of classes) {
      problems.push(...factProblems(metadata));
      const declared = plugin.manifest[MANIFEST_KEYS[metadata.kind]];
      const found = declared?.find(({ id }) => id === metadata.info.id);
      if (declared && JSON.stringify(found) !== JSON.stringify(metadata.info)) {
        problems.push(`${metadata.kind} ${metadata.info.id}: the manifest says something else than the code`);
      }
    }
    return problems;
  } catch (error) {
    return [messageOf(error)];
  }
}
