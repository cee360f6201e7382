import {
  type Corpus,
  type CorpusInfo,
  type DataContext,
  type DataInspection,
  MedbenchError,
  type OpenedCorpus,
  pluginMetadata,
  type RasterImage,
  type Source,
} from '@medbench/core';
import { deepGreyNote, parseGreyWindow, someFiles } from '@medbench/data';
import {
  type CaptionTable,
  type CaptionTableOptions,
  captionTable,
  fingerprintFiles,
  isGenerated,
} from '@medbench/formats';

/**
 * The info that a decorated corpus class declares.
 * @throws MedbenchError('plugin') if the class carries no `@Corpus`.
 */
export function corpusInfo(corpus: object): CorpusInfo {
  const metadata = pluginMetadata(corpus.constructor);
  if (metadata?.kind === 'corpus') return metadata.info as CorpusInfo;
  throw new MedbenchError('plugin', `${corpus.constructor.name} carries no @Corpus decorator`);
}

/**
 * A corpus whose table lists images and captions. A subclass adds its info (`@Corpus`) and says where the table is. If the
 * images may be 16-bit grey, it declares the setting `window` (`GREY_WINDOW_SETTING` of `@medbench/data`).
 */
export abstract class CaptionCorpus implements Corpus {
  /** The paths and columns of the table. @throws MedbenchError('data') naming the file or folder that is missing. */
  protected abstract table(context: DataContext): Omit<CaptionTableOptions, 'skipBad' | 'skip'>;

  async open(context: DataContext): Promise<OpenedCorpus> {
    const options = this.table(context);
    const { id, settings: declared } = corpusInfo(this);
    const table = await this.#readTable(context);
    if ((context.settings.window ?? 'full') === 'full') {
      const files = await someFiles(table.images);
      const note = await deepGreyNote(files, declared?.window && `corpusSettings.${id}.window`);
      if (note !== undefined) context.log(`${id}: ${note}`);
    }
    const { cacheRoot, log } = context;
    const optional = await table.imageFiles();
    return toOpenedCorpus(context, table, await fingerprintFiles([options.table], { cacheRoot, log, optional }));
  }

  async inspect(context: DataContext): Promise<DataInspection> {
    const tables = Object.entries(this.splits(context)).map(
      async ([name, split]) => [name, await this.#readTable(split)] as const,
    );
    return inspectSplits(context, Object.fromEntries(await Promise.all(tables)));
  }

  /** The contexts in which the splits are opened that `medbench data verify` counts. Default: `train`, as opened. */
  protected splits(context: DataContext): Readonly<Record<string, DataContext>> {
    return { train: context };
  }

  #readTable(context: DataContext): Promise<CaptionTable> {
    const { skipBad, skip, settings } = context;
    const window = parseGreyWindow(settings.window, `corpusSettings.${corpusInfo(this).id}.window`);
    return captionTable({ ...this.table(context), window, skipBad, skip });
  }
}

/** Counts that opened pairs come with. */
type PairCounts = Pick<CaptionTable, 'duplicates' | 'bad'>;

/** Makes an opened corpus of pairs. It is synthetic if the data folder is marked as generated. */
export async function toOpenedCorpus(
  { dataRoot }: DataContext,
  pairs: OpenedCorpus['pairs'] & Pick<PairCounts, 'duplicates'>,
  fingerprint: string,
): Promise<OpenedCorpus> {
  return { fingerprint, synthetic: await isGenerated(dataRoot), pairs, duplicates: pairs.duplicates };
}

/** Inspects opened splits: their numbers of pairs, with notes on repeated captions and on pairs left out. */
export async function inspectSplits(
  { dataRoot }: DataContext,
  splits: Readonly<Record<string, { readonly length: number; readonly images?: Source<RasterImage> } & PairCounts>>,
): Promise<DataInspection> {
  const notes = Object.entries(splits).flatMap(([name, { duplicates, bad }]) => [
    ...(duplicates > 0 ? [`${name}: ${duplicates} captions repeat an earlier caption`] : []),
    ...(bad.count > 0 ? [`${name}: ${bad.count} pairs left out: ${bad.list.slice(0, 20).join('; ')}`] : []),
  ]);
  const counts = Object.entries(splits).map(([name, { length }]) => [name, { examples: length }] as const);
  const examples = Object.entries(splits).flatMap(([name, { images }]) =>
    images ? [[name, { images }] as const] : [],
  );
  return {
    synthetic: await isGenerated(dataRoot),
    splits: Object.fromEntries(counts),
    notes,
    examples: Object.fromEntries(examples),
  };
}
