import { Corpus, type CorpusInfo, type DataContext, type DataInspection, type OpenedCorpus } from '@medbench/core';
import { areGenerated, fingerprintData, remoteFiles, resolveFiles } from '@medbench/corpus-kit';
import { GREY_WINDOW_SETTING, parseGreyWindow } from '@medbench/data';
import { findFiles, type ParquetPairs, parquetPairs, type RemoteFiles } from '@medbench/formats';

const INFO = {
  id: 'parquet',
  title: 'Parquet files of your own',
  domain: 'medical',
  licence: 'that of your data',
  access: 'open',
  source:
    'your own: Parquet files with a column of images and one of captions, in parquet/ unless corpusSettings.parquet.files names others',
  settings: {
    files: {
      default: 'parquet',
      description:
        'folder, file or range below the data folder, or an address (https://…/{000..099}.parquet, hf://datasets/OWNER/NAME/data/*.parquet); join several with "::"',
      locates: true,
    },
    image: {
      default: 'image',
      description: 'column of the images: the bytes of a file, or the {bytes, path} of Hugging Face',
    },
    caption: { default: 'caption', description: 'column of the captions' },
    window: GREY_WINDOW_SETTING,
  },
} as const satisfies CorpusInfo;

/**
 * Pairs of any Parquet files, the format of data sets on the Hugging Face hub. An epoch shows groups of rows in random
 * order, and mixes the pairs of a few groups at a time.
 */
@Corpus(INFO)
export class ParquetCorpus {
  async open(context: DataContext): Promise<OpenedCorpus> {
    const remote = remoteFiles(context);
    const { files, pairs } = await openPairs(context, remote);
    return {
      fingerprint: await fingerprintData(files, context, remote),
      synthetic: await areGenerated(context, files, remote),
      pairs,
    };
  }

  async inspect(context: DataContext): Promise<DataInspection> {
    const remote = remoteFiles(context);
    const { files, pairs } = await openPairs(context, remote);
    return {
      synthetic: await areGenerated(context, files, remote),
      splits: { train: { examples: pairs.length } },
      notes: [],
      examples: { train: { images: { length: pairs.length, get: async (i) => (await pairs.get(i)).image } } },
    };
  }
}

async function openPairs(
  context: DataContext,
  remote: RemoteFiles,
): Promise<{ readonly files: readonly string[]; readonly pairs: ParquetPairs }> {
  const { settings, skipBad, skip } = context;
  const files = await findFiles(resolveFiles(String(settings.files), context), '.parquet', remote);
  const pairs = await parquetPairs(files, {
    imageColumn: String(settings.image),
    captionColumn: String(settings.caption),
    window: parseGreyWindow(settings.window, 'corpusSettings.parquet.window'),
    ...{ skipBad, skip, remote },
  });
  return { files, pairs };
}
