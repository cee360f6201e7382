import type { CorpusInfo, DataAccess, EncoderInfo, MethodQuestion, Modality, SettingSpec } from '../contracts/index.js';
import { metricInfo } from '../metric-info.js';
import type { DeclaredPlugin } from './package-info.js';

/** The words of a closed vocabulary: a record, so that the compiler misses none. */
const listWords = <T extends string>(record: Readonly<Record<T, true>>): readonly string[] => Object.keys(record);

const ACCESS = listWords<DataAccess>({ open: true, agreement: true, credentialed: true, generated: true });
/** Info whose values are words that others act on, by kind of plugin. */
const VOCABULARY: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  method: {
    question: listWords<MethodQuestion>({ baseline: true, transfer: true, unimodal: true, granularity: true }),
  },
  task: {
    modality: listWords<Modality>({
      radiology: true,
      histopathology: true,
      dermatology: true,
      ophthalmology: true,
      ultrasound: true,
      mixed: true,
    }),
    access: ACCESS,
  },
  encoder: { modality: listWords<EncoderInfo['modality']>({ image: true, text: true }) },
  corpus: { domain: listWords<CorpusInfo['domain']>({ medical: true, general: true }), access: ACCESS },
};

const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Names that a sum keeps for itself. */
const RESERVED_BY_SUMS = { objective: 'start', setting: 'weight' };

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function settingFaults(name: string, spec: unknown): string[] {
  if (!isRecord(spec) || spec.default === undefined) return [`the setting "${name}" has no default; give it one`];
  const { default: value, choices, min, max } = spec as unknown as SettingSpec;
  const faults: string[] = [];
  if (choices && !choices.includes(value)) {
    faults.push(`the default of the setting "${name}" is ${value}; make it one of its choices ${choices.join(', ')}`);
  }
  if (typeof value === 'number' && !(value >= (min ?? -Infinity) && value <= (max ?? Infinity))) {
    const bounds = `${min ?? 'any'} to ${max ?? 'any'}`;
    faults.push(`the default of the setting "${name}" is ${value}, out of its bounds ${bounds}; change one of them`);
  }
  return faults;
}

/**
 * What in the info of a plugin nothing could be done with: such a plugin is refused when it is found.
 * @returns in words, each naming the plugin and what to change; empty if nothing is wrong.
 */
export function infoFaults({ kind, info }: DeclaredPlugin): string[] {
  if (!isRecord(info) || typeof info.id !== 'string') return [`a ${kind} has no id; give it one`];
  const fields: Readonly<Record<string, unknown>> = { ...info };
  const faults: string[] = [];
  if (!ID.test(info.id)) faults.push('the id is not kebab-case; write it in lower case with single hyphens');
  for (const [name, allowed] of Object.entries(VOCABULARY[kind] ?? {})) {
    if (allowed.includes(String(fields[name]))) continue;
    faults.push(`${name} is ${JSON.stringify(fields[name])}; make it one of ${allowed.join(', ')}`);
  }
  const { settings } = fields;
  if (settings !== undefined && !isRecord(settings)) faults.push('settings is no record of settings by name');
  else for (const [name, spec] of Object.entries(settings ?? {})) faults.push(...settingFaults(name, spec));
  return faults.map((fault) => `${kind} "${info.id}": ${fault}`);
}

/**
 * What an author would want to know of a plugin's info before publishing it, beside what refuses it (`infoFaults`).
 * @returns in words; empty if nothing is wrong.
 */
export function infoAdvice({ kind, info }: DeclaredPlugin): string[] {
  const advice: string[] = [];
  for (const [name, value] of Object.entries(info)) {
    if (value === '' || value === undefined || value === null) advice.push(`the field "${name}" is empty; fill it in`);
  }
  if ('settings' in info) {
    for (const [name, { description }] of Object.entries(info.settings ?? {})) {
      if (!description) advice.push(`the setting "${name}" has no description; write one`);
    }
  }
  if (kind === 'task' && 'splits' in info) {
    if (info.protocols.length === 0) advice.push('it has no protocol; name one');
    for (const protocol of info.protocols) {
      if (!info.metric[protocol]) advice.push(`no primary metric is named for ${protocol}; add it to metric`);
    }
    if (info.kind === 'classification' && info.classes.length < 2)
      advice.push('it has fewer than two classes; name them');
    if (new Set(info.classes).size !== info.classes.length) advice.push('two classes have one name; rename one');
    if (info.splits.test === 0) advice.push('the test split is empty; measure on something');
  }
  if (kind === 'protocol' && 'primary' in info) {
    if (info.kinds.length === 0) advice.push('it has no kind of task; name what it measures');
    if (!metricInfo(info.metrics, info.primary)) {
      advice.push(`the primary metric ${info.primary} is not among its metrics; describe it`);
    }
  }
  if (kind === 'objective') {
    if (info.id === RESERVED_BY_SUMS.objective) advice.push('a sum has another use for the id; rename it');
    if ('settings' in info && info.settings && RESERVED_BY_SUMS.setting in info.settings) {
      advice.push(`a sum has another use for the setting "${RESERVED_BY_SUMS.setting}"; rename it`);
    }
  }
  return advice.map((line) => `${kind} "${info.id}": ${line}`);
}
