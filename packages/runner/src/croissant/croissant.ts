import type { CorpusInfo, ExpectedFile, TaskInfo } from '@medbench/core';
import { howToObtain } from '../verify/index.js';
import { CROISSANT_CONTEXT } from './context.js';

/** A task or corpus whose data are described. */
export type DescribedData =
  | { readonly kind: 'task'; readonly info: TaskInfo }
  | { readonly kind: 'corpus'; readonly info: CorpusInfo };

type Json = Readonly<Record<string, unknown>>;

/**
 * Describes a data set as Croissant 1.0 metadata (JSON-LD), from the info that its plugin declares: licence, citation, files,
 * splits and classes. No file is opened. The files are named relative to the data folder of medbench.
 */
export function croissant(data: DescribedData): Json {
  const { info } = data;
  const recordSets = [...splitRecords(data), ...classRecords(data)];
  const distribution = (info.files ?? []).flatMap(describeFile);
  return {
    '@context': CROISSANT_CONTEXT,
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    name: info.id,
    alternateName: info.title,
    description: describe(data),
    license: licenceAddress(info.licence),
    ...(info.citation ? { citeAs: info.citation } : {}),
    ...firstAddress(info.source),
    keywords: keywords(data),
    conditionsOfAccess: howToObtain(info),
    isAccessibleForFree: info.access === 'open' || info.access === 'generated',
    ...(distribution.length > 0 ? { distribution } : {}),
    ...(recordSets.length > 0 ? { recordSet: recordSets } : {}),
  };
}

function describe({ kind, info }: DescribedData): string {
  const generated = info.access === 'generated' ? ' Generated data, not medical images.' : '';
  const what =
    kind === 'corpus'
      ? `Image-text pairs for contrastive pre-training (${info.domain} domain).`
      : `A ${info.kind} task on ${info.modality} images.`;
  const caveats = kind === 'task' && info.caveats ? ` ${info.caveats.map(sentence).join(' ')}` : '';
  return `${info.title}. ${what}${generated}${caveats}`;
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const keywords = ({ kind, info }: DescribedData): readonly string[] => [
  'medical imaging',
  ...(kind === 'corpus'
    ? ['image-text pairs', info.domain]
    : ['benchmark', info.modality, info.kind, ...info.protocols]),
];

/** Creative Commons licences by their names, and others that have an address at SPDX. */
function licenceAddress(licence: string): string {
  const [, terms, version] = /^CC (BY(?:-[A-Z]{2})*) (\d\.\d)$/.exec(licence) ?? [];
  if (terms && version) return `https://creativecommons.org/licenses/${terms.toLowerCase()}/${version}/`;
  if (licence === 'CC0 1.0') return 'https://creativecommons.org/publicdomain/zero/1.0/';
  return licence === 'MIT' ? 'https://spdx.org/licenses/MIT.html' : licence;
}

const firstAddress = (source = ''): Json => {
  const url = /https?:\/\/[^\s,;()]+/.exec(source)?.[0].replace(/\.$/, '');
  return url ? { url } : {};
};

/** Media types by the ends of names. */
const FORMATS: readonly (readonly [end: string, type: string])[] = [
  ['.tar', 'application/x-tar'],
  ['.csv', 'text/csv'],
  ['.tsv', 'text/tab-separated-values'],
  ['.jsonl', 'application/jsonlines'],
  ['.json', 'application/json'],
  ['.txt', 'text/plain'],
  ['.parquet', 'application/vnd.apache.parquet'],
  ['.h5', 'application/x-hdf5'],
  ['.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['.zip', 'application/zip'],
];

const mediaType = (path: string): string =>
  FORMATS.find(([end]) => path.endsWith(end))?.[1] ?? 'application/octet-stream';

/**
 * Describes a file or folder: with a published digest as a file, otherwise as the set of files that its paths match, for a
 * file of Croissant must have one. Paths are those below the data folder; the first that exists is used.
 */
function describeFile({ path, what, md5 = {} }: ExpectedFile): Json[] {
  const paths = [path].flat();
  const digests = Object.entries(md5);
  if (digests.length > 0) {
    return digests.map(([file, digest]) => ({
      '@type': 'cr:FileObject',
      '@id': file,
      name: file.split('/').at(-1),
      description: what,
      contentUrl: file,
      encodingFormat: mediaType(file),
      md5: digest,
    }));
  }
  return [
    {
      '@type': 'cr:FileSet',
      '@id': paths[0],
      name: paths[0]!.replace(/\/$/, '').split('/').at(-1),
      description: what,
      encodingFormat: mediaType(paths[0]!),
      includes: paths.map((one) => (one.endsWith('/') ? `${one}**` : one)),
    },
  ];
}

/** A table whose values stand in the description itself. */
function table(
  id: string,
  types: Readonly<Record<string, string>>,
  key: string,
  rows: readonly Json[],
  more: Json = {},
): Json {
  return {
    '@type': 'cr:RecordSet',
    '@id': id,
    name: id,
    ...more,
    key: { '@id': `${id}/${key}` },
    field: Object.entries(types).map(([name, dataType]) => ({
      '@type': 'cr:Field',
      '@id': `${id}/${name}`,
      name,
      dataType,
    })),
    data: rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [`${id}/${name}`, value]))),
  };
}

const SPLIT_TYPES: Readonly<Record<string, string>> = {
  train: 'cr:TrainingSplit',
  val: 'cr:ValidationSplit',
  valid: 'cr:ValidationSplit',
  test: 'cr:TestSplit',
};

function splitRecords({ kind, info }: DescribedData): Json[] {
  const splits: Readonly<Record<string, number>> = kind === 'corpus' ? (info.pairs ?? {}) : info.splits;
  const rows = Object.entries(splits).filter(([, examples]) => examples > 0);
  if (rows.length === 0) return [];
  const counted = kind === 'task' && info.counted ? info.counted : kind === 'corpus' ? 'image-text pairs' : 'examples';
  return [
    table(
      'splits',
      { name: 'sc:Text', url: 'sc:URL', examples: 'sc:Integer' },
      'name',
      rows.map(([name, examples]) => ({
        name,
        url: (SPLIT_TYPES[name] ?? 'cr:Split').replace('cr:', CROISSANT_CONTEXT.cr),
        examples,
      })),
      { description: `Splits and their numbers: ${counted}.`, dataType: 'cr:Split' },
    ),
  ];
}

function classRecords({ kind, info }: DescribedData): Json[] {
  if (kind !== 'task' || info.classes.length === 0) return [];
  const { classes, phrases = classes } = info;
  return [
    table(
      'classes',
      { label: 'sc:Integer', name: 'sc:Text', phrase: 'sc:Text' },
      'label',
      classes.map((name, label) => ({ label, name, phrase: phrases[label] })),
      { description: 'Class names, and the phrases that prompts have for them.', dataType: 'sc:Enumeration' },
    ),
  ];
}
