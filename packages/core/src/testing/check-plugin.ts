import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { factsOf, listFacts, type PluginFacts, readFacts } from '../catalogue/facts.js';
import { PLUGIN_KEYWORD, type PluginPackage, readPlugin } from '../catalogue/manifest.js';
import { type MaterialisedClass, pluginClasses } from '../catalogue/materialise.js';
import type { SettingSpec } from '../contracts/settings.js';
import type { PluginMetadata } from '../decorators.js';
import { messageOf } from '../errors.js';

const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** Packages of which there must be one copy in a process. */
const PEERS = ['@medbench/core', '@tensorflow/tfjs-core'];

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
  if (kind === 'method' && 'settings' in info) {
    for (const [name, spec] of Object.entries(info.settings)) problems.push(...settingProblems(name, spec));
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

/** Where the facts that the build wrote differ from those of the code. */
function staleFacts(plugin: PluginPackage, classes: readonly MaterialisedClass[]): string[] {
  const { facts } = plugin.manifest;
  const written = readFacts(plugin);
  if (facts === undefined) return [];
  if (!written)
    return [`${facts}, named in package.json#medbench.facts, is not there: build with @medbench/core/build`];
  const byPlugin = (all: PluginFacts) =>
    new Map(listFacts(all).map(({ kind, info }) => [`${kind} ${info.id}`, JSON.stringify(info)]));
  const [said, found] = [byPlugin(written), byPlugin(factsOf(classes))];
  return [...new Set([...said.keys(), ...found.keys()])]
    .filter((plugin) => said.get(plugin) !== found.get(plugin))
    .map((plugin) => `${plugin}: ${facts} does not say what the code says; build the package again`);
}

/**
 * Checks a built plugin package as an author would want to know it before publishing: the manifest, its facts, the
 * dependencies of which there must be one copy, and that the facts which the build wrote are those of the code.
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
    }
    problems.push(...staleFacts(plugin, classes));
    return problems;
  } catch (error) {
    return [messageOf(error)];
  }
}
