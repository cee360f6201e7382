import type { RasterImage, Source } from './data.js';
import type { ProtocolId } from './ids.js';

/** The query that a row answers: the label (or answer) for an image, the text for an image, or the image for a text. */
export type GalleryQuery = 'label' | 'image-to-text' | 'text-to-image';

/**
 * A row's answers for a few test examples, which are the same for every row and seed of a task. It holds indices only,
 * so that no text and no image of a data set gets into a cell.
 */
export interface SampledAnswers {
  readonly query: GalleryQuery;
  /**
   * Indices of the queried test examples: images or questions (`label`), images (`image-to-text`) or texts
   * (`text-to-image`).
   */
  readonly examples: readonly number[];
  /**
   * Best answers to each query, best first, as indices of labels, texts or images. One label, or up to five retrieved
   * items.
   */
  readonly answers: readonly (readonly number[])[];
  /** For each answer, 1 if it is right and 0 if it is wrong. */
  readonly hits: readonly (readonly number[])[];
  /** Retrieval only: for each query, the rank of the first right answer among all candidates. */
  readonly ranks?: readonly number[];
}

/** Test examples for a report, in the order in which `evaluate` uses them. */
export interface TestExamples {
  readonly images: Source<RasterImage>;
  /** Text of each answer index: class names, answers, or the texts of the retrieval gallery. */
  readonly texts: readonly string[];
  /** `label` queries: returns the image, the question (for VQA) and the right answer of a test example. */
  example?(place: number): { readonly image: number; readonly question?: string; readonly answer: string };
  /** Retrieval: index of the image that each text describes. */
  readonly imageOfText?: Int32Array;
}

/** One item of a gallery: an image, by its index in `Gallery.images`, or a text. */
export type GalleryItem = { readonly image: number } | { readonly text: string };

/** One queried test example and its right answers. */
export interface GalleryExample {
  /** Index among the test examples. */
  readonly place: number;
  readonly query: readonly GalleryItem[];
  /** Right answers. */
  readonly right: readonly GalleryItem[];
}

/** One row's answers to the examples of a part, in the order of `GalleryPart.examples`. */
export interface GalleryRow {
  readonly id: string;
  readonly control: boolean;
  /**
   * Answers to each example, and for retrieval the rank of the first right answer. The name is part of the file format.
   */
  readonly said: readonly {
    readonly answers: readonly (GalleryItem & { readonly right: boolean })[];
    readonly rank?: number;
  }[];
}

/** The examples of one protocol and query, with the answers of all rows. */
export interface GalleryPart {
  readonly protocol: ProtocolId;
  readonly query: GalleryQuery;
  readonly examples: readonly GalleryExample[];
  readonly rows: readonly GalleryRow[];
}

/** `gallery/<task>.json`: a few test examples and the answers of every row, for reports. */
export interface Gallery {
  readonly schemaVersion: 2;
  /** Hash of everything that the gallery depends on. */
  readonly key: string;
  readonly task: string;
  /** Seed of the rows whose answers are shown. */
  readonly seed: number;
  /** Small WebP images, base64. */
  readonly images: readonly string[];
  readonly parts: readonly GalleryPart[];
}

/** Makes a small WebP file of an image. Implemented by `@medbench/data`. */
export type MakeThumbnail = (image: RasterImage) => Promise<Uint8Array>;
