import type {
  Gallery,
  GalleryExample,
  GalleryItem,
  GalleryPart,
  GalleryQuery,
  GalleryRow,
  MakeThumbnail,
  ProtocolId,
  SampledAnswers,
  TaskResult,
  TestExamples,
} from '@medbench/core';
import { errorMessage, isMedbenchError, mayShow } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import { dataKeyFields, TaskData } from '../data/task-data.js';
import type { Plan, PlannedCell } from '../plan/plan.js';
import { Services } from '../services.js';
import { hashJson, type RunStore } from '../store/index.js';
import { chooseExamples } from './gallery-choice.js';

/** Number of examples in a gallery part: enough to show right and wrong answers, few enough for a page. */
const SHOWN: Readonly<Record<GalleryQuery, number>> = { label: 8, 'image-to-text': 4, 'text-to-image': 4 };

/** Maximum number of texts shown for one image, and of characters of each text. */
const MAX_TEXTS = 2;
const MAX_CHARACTERS = 300;

interface SampledRow {
  readonly id: string;
  readonly control: boolean;
  readonly sampled: SampledAnswers;
}

/** The sampled answers of all rows to one kind of query in one protocol. */
interface SampledPart {
  readonly protocol: ProtocolId;
  readonly query: GalleryQuery;
  readonly rows: SampledRow[];
}

/**
 * Collects the answers of rows to a few test examples, and writes a gallery for each task whose images may be shown.
 */
export class GalleryStage {
  readonly #tasks = new Map<string, { readonly entry: CatalogueEntry<'task'>; readonly parts: SampledPart[] }>();

  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.Store private readonly store: RunStore,
    @Services.Thumbnail private readonly thumbnail: MakeThumbnail,
    @Services.Signal private readonly signal: AbortSignal,
    @inject(TaskData) private readonly data: TaskData,
  ) {}

  /** Collects the sampled answers of a result, if it belongs to the first seed of the run. */
  add({ row, task: entry, seed }: PlannedCell, { protocol, sampled = [] }: TaskResult): void {
    if (seed !== this.plan.config.seeds[0] || !mayShow(entry.info)) return;
    const task = this.#tasks.get(entry.id) ?? { entry, parts: [] };
    this.#tasks.set(entry.id, task);
    for (const answers of sampled) {
      const existing = task.parts.find((other) => other.protocol === protocol && other.query === answers.query);
      const part = existing ?? { protocol, query: answers.query, rows: [] };
      if (!existing) task.parts.push(part);
      // A row that an older version sampled differently has other examples and cannot join this part.
      const first = part.rows[0]?.sampled.examples;
      if (first && String(first) !== String(answers.examples)) continue;
      part.rows.push({ id: row.id, control: row.kind === 'control', sampled: answers });
    }
  }

  /**
   * Writes `gallery/<task>.json` for each task, and removes the file of a task whose images are withheld. If a gallery
   * cannot be made, the log says so; no cell fails.
   * @throws MedbenchError('store')
   */
  async write(): Promise<void> {
    for (const entry of this.plan.tasks) {
      const file = this.store.layout.gallery(entry.id);
      const parts = this.#tasks.get(entry.id)?.parts.filter(({ rows }) => rows.length > 0) ?? [];
      if (parts.length === 0) {
        if (!mayShow(entry.info)) this.store.remove(file);
        continue;
      }
      try {
        await this.#writeOne(entry, parts, file);
      } catch (error) {
        if (this.signal.aborted || (isMedbenchError(error) && error.code === 'store')) throw error;
        this.store.log({ task: entry.id, gallery: 'not made', error: errorMessage(error) });
      }
    }
  }

  async #writeOne(entry: CatalogueEntry<'task'>, sampled: readonly SampledPart[], file: string): Promise<void> {
    const task = await this.registry.get('task', entry.id);
    if (!task.examples) return;
    const seed = this.plan.config.seeds[0]!;
    const key = hashJson({ format: 3, ...dataKeyFields(await this.data.key(entry, seed)), sampled });
    if (this.store.readSealed<Gallery>(file)?.key === key) return;
    const images = new Album();
    const examples = await task.examples(this.data.context(entry, seed));
    const parts = sampled.map((part) => makePart(part, chooseShown(part, sampled), examples, images));
    const encoded: string[] = [];
    for (const place of images.places) {
      encoded.push(Buffer.from(await this.thumbnail(await examples.images.get(place))).toString('base64'));
    }
    const gallery: Gallery = { schemaVersion: 2, key, task: entry.id, seed, images: encoded, parts };
    this.store.writeSealed(file, gallery);
  }
}

/** The images of a gallery without duplicates, numbered in the order of their first use. */
class Album {
  readonly places: number[] = [];
  item(place: number): { image: number } {
    const index = this.places.indexOf(place);
    return { image: index >= 0 ? index : this.places.push(place) - 1 };
  }
}

/**
 * Chooses the candidates to show, by the answers of the methods (of the controls if there are no methods). Protocols
 * that sampled the same candidates show the same ones.
 */
function chooseShown(part: SampledPart, allParts: readonly SampledPart[]): number[] {
  const candidates = String(part.rows[0]!.sampled.examples);
  const rows = allParts
    .filter(({ query, rows: others }) => query === part.query && String(others[0]!.sampled.examples) === candidates)
    .flatMap(({ rows: others }) => others);
  const methods = rows.filter(({ control }) => !control);
  const right = (methods.length > 0 ? methods : rows).map(({ sampled: { hits } }) =>
    hits.map((hit) => hit.includes(1)),
  );
  return chooseExamples(right, SHOWN[part.query]);
}

function makePart(
  { protocol, query, rows }: SampledPart,
  chosen: readonly number[],
  { texts, imageOfText, example }: TestExamples,
  album: Album,
): GalleryPart {
  const text = (fullText = ''): GalleryItem => {
    const characters = [...fullText];
    return { text: characters.length > MAX_CHARACTERS ? `${characters.slice(0, MAX_CHARACTERS).join('')}…` : fullText };
  };
  const answer = (place: number): GalleryItem => (query === 'text-to-image' ? album.item(place) : text(texts[place]));
  const describeExample = (place: number): GalleryExample => {
    if (query === 'text-to-image') {
      return { place, query: [text(texts[place])], right: [album.item(imageOfText![place]!)] };
    }
    if (query === 'image-to-text') {
      const captions = texts.filter((_, t) => imageOfText![t] === place).slice(0, MAX_TEXTS);
      return { place, query: [album.item(place)], right: captions.map((caption) => text(caption)) };
    }
    const { image, question, answer: right } = example!(place);
    return {
      place,
      query: [album.item(image), ...(question === undefined ? [] : [text(question)])],
      right: [text(right)],
    };
  };
  const examples = chosen.map((i) => describeExample(rows[0]!.sampled.examples[i]!));
  return {
    protocol,
    query,
    examples,
    rows: rows.map(
      ({ id, control, sampled: { answers, hits, ranks } }): GalleryRow => ({
        id,
        control,
        said: chosen.map((i) => ({
          answers: answers[i]!.map((place, a) => ({ ...answer(place), right: hits[i]![a] === 1 })),
          ...(ranks ? { rank: ranks[i]! } : {}),
        })),
      }),
    ),
  };
}
