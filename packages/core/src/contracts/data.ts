import type { SettingSpec, Settings } from './settings.js';

/** An 8-bit image, row-major, interleaved: `data.length === width * height * channels`. */
export interface RasterImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** A random-access list that decodes elements on demand. `get` may be called many times and in any order. */
export interface Source<T> {
  readonly length: number;
  /** Reads one element, counted from 0. @throws MedbenchError naming the file if it is missing or broken. */
  get(index: number): Promise<T>;
  /** Path of an element's file, if each element has a file of its own. Opens nothing. */
  file?(index: number): string | Promise<string>;
}

/** One image with its caption. */
export interface ImageTextPair {
  readonly image: RasterImage;
  readonly caption: string;
}

/**
 * Who may read a data set: anyone (`open`), those who sign its terms (`agreement`) or those with credentials
 * (`credentialed`). `generated` data is made by medbench or a plugin.
 */
export type DataAccess = 'open' | 'agreement' | 'credentialed' | 'generated';

/** A file or folder in which a data set is distributed. */
export interface ExpectedFile {
  /**
   * Path relative to the data root, separated by `/`; the path of a folder ends in `/`. Of several paths, the first
   * that exists is used.
   */
  readonly path: string | readonly string[];
  /** Description of the contents, for the message that says the file is missing. */
  readonly what: string;
  /** Published MD5 digest by path, 32 hexadecimal digits. */
  readonly md5?: Readonly<Record<string, string>>;
}

/** Summary of a data set on disk, for `medbench data verify`. */
export interface DataInspection {
  /** True if any of the data was generated. */
  readonly synthetic: boolean;
  /** Counts by split. `classes` holds the number of examples of each label, in label order. */
  readonly splits: Readonly<
    Record<string, { readonly examples: number; readonly classes?: readonly number[]; readonly groups?: number }>
  >;
  /** Oddities that are not errors, such as skipped rows. */
  readonly notes: readonly string[];
  /** Differences from what is published that the counts do not show. */
  readonly differences?: readonly string[];
  /** The examples behind the counts, by split, for the checks of images and texts. Absent: only counts are checked. */
  readonly examples?: Readonly<Record<string, InspectedSplit>>;
}

/** The examples of one split, each image once. */
export interface InspectedSplit {
  readonly images: Source<RasterImage>;
  /** Captions, questions or answers, in any order. */
  readonly texts?: Iterable<string>;
}

/** A pair whose image is not decoded yet, so that a worker thread can decode it. */
export interface EncodedPair {
  /**
   * The complete image file, in any format that `decodeImage` of `@medbench/data` reads, such as JPEG, PNG or WebP. The
   * receiver owns the buffer and may transfer it to another thread.
   */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly caption: string;
  /** Name of the image in messages. */
  readonly name: string;
  /** Levels of a 16-bit grey image that become black and white, as in `decodeImage`. Default: the whole range. */
  readonly window?: readonly [low: number, high: number] | 'auto';
  /** Returns the pair to use if this image cannot be decoded, given the error. Default: the error is thrown. */
  instead?(error: unknown): Promise<EncodedPair>;
}

/** Image-text pairs. If the source has `encoded`, worker threads decode the images. */
export interface PairSource extends Source<ImageTextPair> {
  /** Returns the same pair as `get` without decoding its image. @throws as `get`, except for decoding errors. */
  encoded?(index: number): Promise<EncodedPair>;
  /**
   * The order in which an epoch shows the pairs: each once, the same for equal seed and epoch. For sources that are slow
   * unless neighbours are read together, such as files behind a network. Default: any order, each with the same chance.
   */
  order?(seed: number, epoch: number): Int32Array;
}

/** Folders, settings and callbacks with which a plugin opens its data. */
export interface DataContext {
  /** Folder that holds the data sets, one folder or file each. */
  readonly dataRoot: string;
  /** The plugin's settings: its defaults, overridden by the configuration. */
  readonly settings: Settings;
  /** Whether unreadable rows are skipped and reported instead of causing an error. */
  readonly skipBad: boolean;
  /**
   * Reports one row that `skipBad` skipped: the file, the row or archive member, and the fault. Never pass any of the
   * row's text.
   */
  readonly skip: (message: string) => void;
  /** Writable folder for files that are made on first use, such as generated data. */
  readonly cacheRoot: string;
  /** Seed for everything that the plugin samples. */
  readonly seed: number;
  readonly log: (message: string) => void;
}

/** A data set opened for use. */
export interface OpenedData {
  /** Hash that changes whenever data changes that a result depends on. */
  readonly fingerprint: string;
  /** True if any of the data was generated. */
  readonly synthetic: boolean;
}

/** Info that `@Corpus` attaches to a class. */
export interface CorpusInfo {
  readonly id: string;
  readonly title: string;
  /** `general` corpora train the general-domain weights from which transfer methods start. */
  readonly domain: 'medical' | 'general';
  readonly licence: string;
  readonly access: DataAccess;
  /** Where the corpus is obtained. */
  readonly source: string;
  readonly citation?: string;
  /** Number of pairs by split. */
  readonly pairs?: Readonly<Record<string, number>>;
  readonly files?: readonly ExpectedFile[];
  readonly settings?: Readonly<Record<string, SettingSpec>>;
}

/** A corpus opened for training. */
export interface OpenedCorpus extends OpenedData {
  readonly pairs: PairSource;
  /** Number of captions that repeat an earlier one. Absent if they were not counted. */
  readonly duplicates?: number;
}

/** The context in which a corpus is opened. */
export interface CorpusContext extends DataContext {
  /** The tasks of this run, for corpora that consist of their training splits. */
  readonly tasks: readonly { readonly id: string; readonly pairs: () => Promise<OpenedCorpus> }[];
}

/** Image-text pairs to train on. */
export interface Corpus {
  /** Opens the corpus. @throws MedbenchError naming the file that is missing or wrong. */
  open(context: CorpusContext): Promise<OpenedCorpus>;
  /**
   * Counts the examples on disk without opening an image.
   * @throws MedbenchError naming the file that is missing or wrong.
   */
  inspect?(context: CorpusContext): Promise<DataInspection>;
}
