import type { RasterImage, Source } from './data.js';
import type { ProtocolId } from './ids.js';

/** What is asked of a row: the label (or answer) of an image, the text of an image, the image of a text. */
export type GalleryQuery = 'label' | 'image-to-text' | 'text-to-image';

/**
 * What a row said of a few test examples, the same ones for every row and seed of a task. Places alone: no text and no
 * image of a data set gets into a cell.
 */
export interface SampledAnswers {
  readonly query: GalleryQuery;
  /** Places among the test examples: images or questions (`label`), images, texts. */
  readonly examples: readonly number[];
  /** Of each, what was put first, best first: places among labels, texts, images. One label; up to five in retrieval. */
  readonly answers: readonly (readonly number[])[];
  /** Of each answer, 1 if it is right and 0 if not. */
  readonly hits: readonly (readonly number[])[];
  /** Of each, the rank of the first right answer among all (retrieval). */
  readonly ranks?: readonly number[];
}

/** Test examples as a report shows them, in the order in which `evaluate` takes them. */
export interface TestExamples {
  readonly images: Source<RasterImage>;
  /** What a place of an answer stands for: class names, answers, or the texts of a gallery. */
  readonly texts: readonly string[];
  /** Of queries for a label: the image, what is asked about it beside the label, and the right answer. */
  example?(place: number): { readonly image: number; readonly question?: string; readonly answer: string };
  /** Of retrieval: the image that each text describes. */
  readonly imageOfText?: Int32Array;
}

/** One thing in a gallery: an image, by its place among the gallery's, or a text. */
export type GalleryItem = { readonly image: number } | { readonly text: string };

export interface GalleryExample {
  /** Its place among the test examples. */
  readonly place: number;
  readonly query: readonly GalleryItem[];
  readonly right: readonly GalleryItem[];
}

/** What one row said of each example of a part. */
export interface GalleryRow {
  readonly id: string;
  readonly control: boolean;
  readonly said: readonly {
    readonly answers: readonly (GalleryItem & { readonly right: boolean })[];
    readonly rank?: number;
  }[];
}

export interface GalleryPart {
  readonly protocol: ProtocolId;
  readonly query: GalleryQuery;
  readonly examples: readonly GalleryExample[];
  readonly rows: readonly GalleryRow[];
}

/** `gallery/<task>.json`: a few test examples and what each row said of them, for reports. */
export interface Gallery {
  readonly schemaVersion: 2;
  readonly key: string;
  readonly task: string;
  /** Seed of the rows whose answers are shown. */
  readonly seed: number;
  /** WebP, base64. */
  readonly images: readonly string[];
  readonly parts: readonly GalleryPart[];
}

/** Makes a small WebP of an image; implemented by `@medbench/data`. */
export type MakeThumbnail = (image: RasterImage) => Promise<Uint8Array>;
