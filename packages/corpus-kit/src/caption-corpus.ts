import {
  type Corpus,
  type CorpusInfo,
  type DataContext,
  type DataInspection,
  MedbenchError,
  type OpenedCorpus,
  pluginMetadata,
} from '@medbench/core';
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

/** A corpus whose table names images and captions, but for its info (`@Corpus`) and where the table is. */
export abstract class CaptionCorpus implements Corpus {
  /** @throws MedbenchError('data') naming what is not there. */
  protected abstract table(context: DataContext): Omit<CaptionTableOptions, 'skipBad' | 'skip'>;

  async open(context: DataContext): Promise<OpenedCorpus> {
    const options = this.table(context);
    // What the images are is told by their names in the table.
    return openedFrom(context, await this.#read(context), await fingerprintFiles([options.table]));
  }

  async inspect(context: DataContext): Promise<DataInspection> {
    return inspectSplits(context, { train: await this.#read(context) });
  }

  #read(context: DataContext): Promise<CaptionTable> {
    return captionTable({ ...this.table(context), skipBad: context.skipBad, skip: context.skip });
  }
}

/** What is known of pairs besides the pairs. */
type Counted = Pick<CaptionTable, 'duplicates' | 'bad'>;

/** An opened corpus, marked as synthetic if its folder is. */
export async function openedFrom(
  { dataRoot }: DataContext,
  pairs: OpenedCorpus['pairs'] & Pick<Counted, 'duplicates'>,
  fingerprint: string,
): Promise<OpenedCorpus> {
  return { fingerprint, synthetic: await isGenerated(dataRoot), pairs, duplicates: pairs.duplicates };
}

/** Counts of opened splits. */
export async function inspectSplits(
  { dataRoot }: DataContext,
  splits: Readonly<Record<string, { readonly length: number } & Counted>>,
): Promise<DataInspection> {
  const notes = Object.entries(splits).flatMap(([name, { duplicates, bad }]) => [
    ...(duplicates > 0 ? [`${name}: ${duplicates} captions occur before`] : []),
    ...(bad.count > 0 ? [`${name}: ${bad.count} pairs left out: ${bad.list.slice(0, 20).join('; ')}`] : []),
  ]);
  const counted = Object.entries(splits).map(([name, { length }]) => [name, { examples: length }] as const);
  return { synthetic: await isGenerated(dataRoot), splits: Object.fromEntries(counted), notes };
}
