import type { SettingSpec, Settings } from './settings.js';

/** An 8-bit image, row-major, interleaved: `data.length === width * height * channels`. */
export interface RasterImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** A random-access list that decodes on demand; `get` may be called many times and in any order. */
export interface Source<T> {
  readonly length: number;
  /** @throws MedbenchError naming the file if it is missing or broken. */
  get(index: number): Promise<T>;
}

/** One image with its caption. */
export interface ImageTextPair {
  readonly image: RasterImage;
  readonly caption: string;
}

/** Who may read a data set: anyone, who agrees to its terms, who is credentialed; or it was generated here. */
export type DataAccess = 'open' | 'agreement' | 'credentialed' | 'generated';

/** A file or folder in which a data set is distributed. */
export interface ExpectedFile {
  /** Relative to the data root, with `/`; a folder ends in one. Several: any of them will do, the first one there is taken. */
  readonly path: string | readonly string[];
  /** What it holds, for a message about its absence. */
  readonly what: string;
  /** Published MD5 of the file, 32 hexadecimal digits, by path. */
  readonly md5?: Readonly<Record<string, string>>;
}

/** What was found in a data set, for `medbench data verify`. */
export interface DataInspection {
  readonly synthetic: boolean;
  /** By split; `classes` counts the examples of each label, in label order. */
  readonly splits: Readonly<
    Record<string, { readonly examples: number; readonly classes?: readonly number[]; readonly groups?: number }>
  >;
  /** Whatever is odd without being wrong, such as rows that were skipped. */
  readonly notes: readonly string[];
}

/** A pair whose image is still a file's bytes, so that it can be decoded on another thread. */
export interface EncodedPair {
  /** A whole image file: JPEG, PNG, WebP and what else `decodeImage` of the data package reads. Handed over for good. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly caption: string;
  /** What messages call the image. */
  readonly name: string;
  /** The pair to take if this one turns out to be broken, the error of which is given. Default: the error is thrown. */
  instead?(error: unknown): Promise<EncodedPair>;
}

/** Pairs that can also be had undecoded; a source that can do so is decoded by workers. */
export interface PairSource extends Source<ImageTextPair> {
  /** The pair of `get`, with its image undecoded. @throws as `get`, but for what decoding finds. */
  encoded?(index: number): Promise<EncodedPair>;
}

/** Where a plugin finds its files and what it may say about them. */
export interface DataContext {
  /** Folder that holds the data sets, one folder or file each. */
  readonly dataRoot: string;
  /** The plugin's own settings: its defaults, with what the configuration gives over them. */
  readonly settings: Settings;
  /** Leave out rows that cannot be read, counted and listed, instead of refusing them. */
  readonly skipBad: boolean;
  /** Takes what was left out under `skipBad`: file, row or member and what is wrong, never any of its text. */
  readonly skip: (what: string) => void;
  /** Writable folder for what is made on first use, such as generated data. */
  readonly cacheRoot: string;
  /** Seed of whatever the plugin samples. */
  readonly seed: number;
  readonly log: (message: string) => void;
}

/** A data set opened for use. */
export interface OpenedData {
  /** Changes whenever the content that a number depends on changes. */
  readonly fingerprint: string;
  /** True if any of it was generated. */
  readonly synthetic: boolean;
}

export interface CorpusInfo {
  readonly id: string;
  readonly title: string;
  /** `general` corpora give the weights from which transfer starts. */
  readonly domain: 'medical' | 'general';
  readonly licence: string;
  readonly access: DataAccess;
  /** Where it is obtained. */
  readonly source: string;
  readonly citation?: string;
  /** Number of pairs, by split. */
  readonly pairs?: Readonly<Record<string, number>>;
  readonly files?: readonly ExpectedFile[];
  readonly settings?: Readonly<Record<string, SettingSpec>>;
}

export interface OpenedCorpus extends OpenedData {
  readonly pairs: PairSource;
  /** Captions beyond the first of their kind, where they were counted. */
  readonly duplicates?: number;
}

export interface CorpusContext extends DataContext {
  /** The tasks of this run, for corpora that are made of their training splits. */
  readonly tasks: readonly { readonly id: string; readonly pairs: () => Promise<OpenedCorpus> }[];
}

/** Image-text pairs to train on. */
export interface Corpus {
  open(context: CorpusContext): Promise<OpenedCorpus>;
  /** Counts what is there, opening no image. @throws MedbenchError naming what is missing or wrong. */
  inspect?(context: CorpusContext): Promise<DataInspection>;
}
