import { dirname, isAbsolute, join } from 'node:path';
import { Corpus, type DataContext, type DataInspection, type OpenedCorpus } from '@medbench/core';
import { deepGreyNote, GREY_WINDOW_SETTING, parseGreyWindow, spreadIndices } from '@medbench/data';
import { findShards, fingerprintFiles, isGenerated, textCounter, type WebDataset, webDataset } from '@medbench/formats';

const WINDOW = 'corpusSettings.webdataset.window';

/** Pairs of any WebDataset shards, the format that img2dataset writes and open_clip reads. */
@Corpus({
  id: 'webdataset',
  title: 'Shards of your own (WebDataset)',
  domain: 'medical',
  licence: 'that of your data',
  access: 'open',
  source: 'your own: tar files whose members 00012.jpg and 00012.txt are a pair',
  files: [{ path: 'webdataset/', what: 'shards (.tar), unless corpusSettings.webdataset.shards names others' }],
  settings: {
    shards: {
      default: 'webdataset',
      description: 'folder, file or range ("pairs-{000..099}.tar") below the data folder; join several with "::"',
    },
    caption: {
      default: '',
      description: 'field of the .json members that holds the caption; if empty, captions are the .txt members',
    },
    window: GREY_WINDOW_SETTING,
  },
})
export class WebDatasetCorpus {
  async open(context: DataContext): Promise<OpenedCorpus> {
    const { files } = await findShards(resolveShards(context));
    const pairs = await openShards(context);
    const note = await deepNote(pairs, context);
    if (note !== undefined) context.log(`webdataset: ${note}`);
    return {
      fingerprint: await fingerprintFiles([...new Set(files)], context),
      synthetic: await areGenerated(context, files),
      pairs,
    };
  }

  /** Counts pairs and repeated captions. Reads all shards once. */
  async inspect(context: DataContext): Promise<DataInspection> {
    const { files } = await findShards(resolveShards(context));
    const pairs = await openShards(context);
    const captions = textCounter();
    for (let i = 0; i < pairs.length; i++) captions.add((await pairs.encoded(i)).caption);
    const duplicates = captions.duplicates();
    const deep = await deepNote(pairs, context);
    return {
      synthetic: await areGenerated(context, files),
      splits: { train: { examples: pairs.length } },
      notes: [
        ...(deep === undefined ? [] : [deep]),
        ...(duplicates > 0 ? [`${duplicates} captions repeat an earlier caption`] : []),
        ...(pairs.bad.count > 0
          ? [`${pairs.bad.count} samples left out: ${pairs.bad.list.slice(0, 20).join('; ')}`]
          : []),
      ],
      examples: { train: { images: { length: pairs.length, get: async (i) => (await pairs.get(i)).image } } },
    };
  }
}

/** Whether the data folder, or a folder of shards, is marked as generated. */
async function areGenerated({ dataRoot }: DataContext, shards: readonly string[]): Promise<boolean> {
  for (const folder of new Set([dataRoot, ...shards.map((file) => dirname(file))])) {
    if (await isGenerated(folder)) return true;
  }
  return false;
}

/** A note if 16-bit grey images come out nearly black, unless the setting `window` says which levels count. */
async function deepNote(pairs: WebDataset, { settings }: DataContext): Promise<string | undefined> {
  if ((settings.window ?? 'full') !== 'full') return undefined;
  const images = await Promise.all(spreadIndices(pairs.length).map(async (i) => (await pairs.encoded(i)).bytes));
  return deepGreyNote(images, WINDOW);
}

/** The value of the setting `shards`, in which relative paths are joined to the data folder. */
const resolveShards = ({ dataRoot, settings }: DataContext): string =>
  String(settings.shards)
    .split('::')
    .map((part) => (isAbsolute(part) ? part : join(dataRoot, part)))
    .join('::');

function openShards(context: DataContext): Promise<WebDataset> {
  const field = String(context.settings.caption);
  return webDataset(resolveShards(context), {
    ...(field === '' ? {} : { captionField: field }),
    window: parseGreyWindow(context.settings.window, WINDOW),
    skipBad: context.skipBad,
    skip: context.skip,
    cacheFolder: join(context.cacheRoot, 'shards'),
  });
}
