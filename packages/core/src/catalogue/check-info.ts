import type { CorpusInfo, DataAccess, EncoderInfo, MethodQuestion, Modality, SettingSpec } from '../contracts/index.js';
import { metricInfo } from '../metric-info.js';
import { isRecord } from './is-record.js';
import type { DeclaredPlugin } from './package-info.js';

/** Lists the words of a closed vocabulary. The argument is a record so that the type checker finds missing words. */
const listWords = <T extends string>(record: Readonly<Record<T, true>>): readonly string[] => Object.keys(record);

const ACCESS = listWords<DataAccess>({ open: true, agreement: true, credentialed: true, generated: true });
/** Info fields with a closed vocabulary, by kind of plugin. */
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

/** Names that the selector of a sum (`sum:clip=1:…`) and `use` reserve. */
const RESERVED_BY_SUMS = { objective: 'start', setting: 'weight' };

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
 * Lists faults in the info of a plugin that make it unusable. Discovery refuses such a plugin.
 * @returns one message per fault, naming the plugin and what to change; empty if there are none.
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
  if (settings !== undefined && !isRecord(settings)) faults.push('settings is not a record of settings by name');
  else for (const [name, spec] of Object.entries(settings ?? {})) faults.push(...settingFaults(name, spec));
  return faults.map((fault) => `${kind} "${info.id}": ${fault}`);
}

/**
 * Lists weaknesses in the info of a plugin that its author should fix before publishing it. `infoFaults` lists the
 * faults that make it unusable.
 * @returns one message per weakness; empty if there are none.
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
    if (info.protocols.length === 0) advice.push('it names no protocol; name one');
    for (const protocol of info.protocols) {
      if (!info.metric[protocol]) advice.push(`no primary metric is named for ${protocol}; add it to metric`);
    }
    if (info.kind === 'classification' && info.classes.length < 2)
      advice.push('it has fewer than two classes; name them');
    if (new Set(info.classes).size !== info.classes.length) advice.push('two classes have the same name; rename one');
    if (info.splits.test === 0) advice.push('the test split is empty; add test examples');
  }
  if (kind === 'protocol' && 'primary' in info) {
    if (info.kinds.length === 0) advice.push('it names no kind of task; name the kinds that it measures');
    if (!metricInfo(info.metrics, info.primary)) {
      advice.push(`the primary metric ${info.primary} is not among its metrics; describe it`);
    }
  }
  if (kind === 'objective') {
    if (info.id === RESERVED_BY_SUMS.objective) advice.push('the id is reserved in sums; rename it');
    if ('settings' in info && info.settings && RESERVED_BY_SUMS.setting in info.settings) {
      advice.push(`the setting name "${RESERVED_BY_SUMS.setting}" is reserved in sums; rename it`);
    }
  }
  return advice.map((line) => `${kind} "${info.id}": ${line}`);
}
