import type { Source, TaskKind } from '@medbench/core';
import type {
  ClassificationData,
  LabelledImages,
  MultiLabelData,
  MultiLabelImages,
  RetrievalData,
  VqaData,
} from '@medbench/evaluation';

/** Data of a task, or every so many examples of it. */
export interface ReducedData {
  readonly data: unknown;
  /** Number of examples of the data, and of `data`. */
  readonly total: number;
  readonly used: number;
}

/** Indices of about `share` of `length` elements, spread evenly; at least one if there are any. */
function spread(length: number, share: number): number[] {
  const count = Math.min(length, Math.max(1, Math.round(length * share)));
  return Array.from({ length: count }, (_, i) => Math.floor((i * length) / count));
}

/** Indices of about `share` of the elements with each label, ascending. */
function spreadByLabel(labels: Int32Array, share: number): number[] {
  const byLabel = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const same = byLabel.get(label) ?? [];
    same.push(i);
    byLabel.set(label, same);
  });
  return [...byLabel.values()]
    .flatMap((indices) => spread(indices.length, share).map((i) => indices[i]!))
    .sort((a, b) => a - b);
}

const select = <T>(source: Source<T>, indices: readonly number[]): Source<T> => ({
  length: indices.length,
  get: (index) => source.get(indices[index]!),
});

/** The parts of a split that each kind of labelled image has, at some indices. */
const selectImages = (split: Omit<LabelledImages, 'labels'>, indices: readonly number[]) => ({
  images: select(split.images, indices),
  ...(split.as === undefined ? {} : { as: split.as }),
  ...(split.groups ? { groups: Int32Array.from(indices, (i) => split.groups![i]!) } : {}),
  ...(split.groupNames ? { groupNames: indices.map((i) => split.groupNames![i]!) } : {}),
});

function reduceLabelled(split: LabelledImages, share: number): LabelledImages {
  const indices = spreadByLabel(split.labels, share);
  return { ...selectImages(split, indices), labels: Int32Array.from(indices, (i) => split.labels[i]!) };
}

function reduceMultiLabel(split: MultiLabelImages, share: number, labels: number): MultiLabelImages {
  const indices = spread(split.images.length, share);
  const targets = Int32Array.from({ length: indices.length * labels }, (_, i) => {
    return split.targets[indices[Math.floor(i / labels)]! * labels + (i % labels)]!;
  });
  return { ...selectImages(split, indices), targets };
}

/** Images of a data set with renumbered indices. */
function keepImages(length: number, share: number) {
  const kept = spread(length, share);
  const place = new Map(kept.map((image, i) => [image, i]));
  return { kept, place };
}

function reduceRetrieval(data: RetrievalData, share: number): RetrievalData {
  const { kept, place } = keepImages(data.images.length, share);
  const texts = data.texts.flatMap((text, i) => {
    const image = place.get(data.imageOfText[i]!);
    return image === undefined ? [] : [{ text, image }];
  });
  const { files: _, groups, groupNames, ...rest } = data;
  return {
    ...rest,
    images: select(data.images, kept),
    texts: texts.map(({ text }) => text),
    imageOfText: Int32Array.from(texts, ({ image }) => image),
    ...(groups ? { groups: Int32Array.from(kept, (i) => groups[i]!) } : {}),
    ...(groupNames ? { groupNames: kept.map((i) => groupNames[i]!) } : {}),
  };
}

/** Keeps some images with all their questions, of either split. */
function reduceVqa(data: VqaData, share: number): VqaData {
  const keep = (split: VqaData['train']): VqaData['train'] => {
    const images = [...new Set(split.map(({ image }) => image))];
    const kept = new Set(spread(images.length, share).map((i) => images[i]!));
    return split.filter(({ image }) => kept.has(image));
  };
  const [train, test] = [keep(data.train), keep(data.test)];
  const asked = [...new Set([...train, ...test].map(({ image }) => image))].sort((a, b) => a - b);
  const place = new Map(asked.map((image, i) => [image, i]));
  const renumber = (split: VqaData['train']) => split.map((one) => ({ ...one, image: place.get(one.image)! }));
  const images = select(data.images, asked);
  return { ...data, images, train: renumber(train), test: renumber(test), minAnswerCount: 1 };
}

type Labelled = ClassificationData | MultiLabelData;
const splitsOf = ({ train, val, test }: Labelled) => [train, val, test].filter((split) => split !== undefined);

/** Number of examples of a task's data; undefined for a kind that is not known here. */
export function countExamples(kind: TaskKind, data: unknown): number | undefined {
  if (kind === 'classification' || kind === 'multi-label') {
    return splitsOf(data as Labelled).reduce((sum, { images }) => sum + images.length, 0);
  }
  if (kind === 'retrieval') return (data as RetrievalData).images.length;
  if (kind !== 'vqa') return undefined;
  const { train, test } = data as VqaData;
  return train.length + test.length;
}

/**
 * Takes the same share of every split, of every class where each image has one, so that at most about `most` examples are
 * left. Data of an unknown kind stay whole.
 */
export function reduceData(kind: TaskKind, data: unknown, most: number): ReducedData {
  const total = countExamples(kind, data);
  if (total === undefined) return { data, total: 1, used: 1 };
  if (total <= most) return { data, total, used: total };
  const reduced = atShare(kind, data, most / total);
  return { data: reduced, total, used: countExamples(kind, reduced)! };
}

function atShare(kind: TaskKind, data: unknown, share: number): unknown {
  if (kind === 'retrieval') return reduceRetrieval(data as RetrievalData, share);
  if (kind === 'vqa') return reduceVqa(data as VqaData, share);
  const labels = 'labelNames' in (data as Labelled) ? (data as MultiLabelData).labelNames.length : 0;
  const reduce = (split: LabelledImages | MultiLabelImages) =>
    'labels' in split ? reduceLabelled(split, share) : reduceMultiLabel(split, share, labels);
  const splits = Object.entries(data as Labelled).map(([name, value]) =>
    ['train', 'val', 'test'].includes(name) && value !== undefined
      ? [name, reduce(value as LabelledImages | MultiLabelImages)]
      : [name, value],
  );
  return Object.fromEntries(splits);
}

/** Every so many of the images, so that at most `most` are left. */
export const reduceImages = <T>(images: Source<T>, most: number): Source<T> =>
  images.length <= most ? images : select(images, spread(images.length, most / images.length));
