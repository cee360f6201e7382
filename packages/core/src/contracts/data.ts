/** An 8-bit picture, row-major, interleaved: `data.length === width * height * channels`. */
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
export interface Pair {
  readonly image: RasterImage;
  readonly caption: string;
}

/** Where a plugin finds its files and what it may say about them. */
export interface DataContext {
  /** Folder that holds the data sets, one folder or file each. */
  readonly dataRoot: string;
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
  readonly access: 'open' | 'agreement' | 'credentialed' | 'generated';
  readonly source: string;
}

export interface OpenedCorpus extends OpenedData {
  readonly pairs: Source<Pair>;
}

export interface CorpusContext extends DataContext {
  /** The tasks of this run, for corpora that are made of their training splits. */
  readonly tasks: readonly { readonly id: string; readonly pairs: () => Promise<OpenedCorpus> }[];
}

/** Image-text pairs to train on. */
export interface Corpus {
  open(context: CorpusContext): Promise<OpenedCorpus>;
}
