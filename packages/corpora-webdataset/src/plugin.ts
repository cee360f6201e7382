import { isAbsolute, join } from 'node:path';
import { Corpus, type DataContext, type DataInspection, type OpenedCorpus } from '@medbench/core';
import { findShards, fingerprintFiles, isGenerated, textCounter, type WebDataset, webDataset } from '@medbench/formats';

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
  },
})
export class WebDatasetCorpus {
  async open(context: DataContext): Promise<OpenedCorpus> {
    const { files } = await findShards(resolveShards(context));
    const pairs = await openShards(context);
    return {
      fingerprint: await fingerprintFiles([...new Set(files)], context),
      synthetic: await isGenerated(context.dataRoot),
      pairs,
    };
  }

  /** Counts pairs and repeated captions. Reads all shards once. */
  async inspect(context: DataContext): Promise<DataInspection> {
    const pairs = await openShards(context);
    const captions = textCounter();
    for (let i = 0; i < pairs.length; i++) captions.add((await pairs.encoded(i)).caption);
    const duplicates = captions.duplicates();
    return {
      synthetic: await isGenerated(context.dataRoot),
      splits: { train: { examples: pairs.length } },
      notes: [
        ...(duplicates > 0 ? [`${duplicates} captions repeat an earlier caption`] : []),
        ...(pairs.bad.count > 0
          ? [`${pairs.bad.count} samples left out: ${pairs.bad.list.slice(0, 20).join('; ')}`]
          : []),
      ],
      examples: { train: { images: { length: pairs.length, get: async (i) => (await pairs.get(i)).image } } },
    };
  }
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
    skipBad: context.skipBad,
    skip: context.skip,
    cacheFolder: join(context.cacheRoot, 'shards'),
  });
}
