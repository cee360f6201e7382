// Imported where a file is read: zod takes longer to load than the rest of this package.
import { z } from 'zod';

// Objects are loose: newer results hold more than what is checked here, and renderers take absent parts as not known.
const numbers = z.array(z.number());
const texts = z.array(z.string());
const object = z.looseObject({});
const hasValue = z.looseObject({ value: z.unknown(), ci95: z.unknown() });

const comparison = z.looseObject({
  first: z.string(),
  second: z.string(),
  difference: z.number(),
  // JSON has no infinity.
  ci95: z.tuple([z.number().nullable(), z.number().nullable()]),
  adjusted: z.number(),
  test: z.string(),
});

const cell = z.looseObject({
  method: z.string(),
  task: z.string(),
  protocol: z.string(),
  seed: z.number(),
  metric: z.string(),
  value: z.number().nullable(),
  ci95: z.tuple([z.number(), z.number()]).nullable(),
  // Not a record: names of metrics are text of the run, which a message must not repeat.
  metrics: object.refine((metrics) => Object.values(metrics).every((metric) => hasValue.safeParse(metric).success)),
  status: z.enum(['ok', 'failed']),
  notes: texts.optional(),
  classification: z
    .looseObject({
      classes: texts,
      confusion: z.array(numbers),
      rare: texts,
      calibration: z.looseObject({ count: numbers, right: numbers, confidence: numbers }).optional(),
    })
    .optional(),
  retrieval: z
    .looseObject({
      images: z.number(),
      texts: z.number(),
      k: numbers,
      imageToText: numbers,
      textToImage: numbers,
    })
    .optional(),
  leaks: z
    .array(
      z.looseObject({
        of: z.enum(['train', 'val', 'corpus']),
        groups: z.number().nullable(),
        identical: z.number(),
        near: z.number(),
      }),
    )
    .optional(),
});

const statistics = z.looseObject({
  level: z.number(),
  columns: z.array(
    z.looseObject({
      task: z.string(),
      protocol: z.string(),
      n: z.number(),
      seeds: numbers,
      pairs: z.number(),
      best: z.string().nullable(),
      againstBest: z.array(comparison),
      againstControls: z.array(comparison),
    }),
  ),
  ranks: z
    .looseObject({
      columns: z.number(),
      methods: z.array(z.looseObject({ id: z.string(), rank: z.number() })),
      criticalDifference: z.number(),
      pValue: z.number(),
    })
    .nullable(),
});

const isDescribed = (metric: unknown): boolean => z.looseObject({ description: z.string() }).safeParse(metric).success;
/** What protocols say of their metrics. */
const described = object.refine((metrics) => Object.values(metrics).every(isDescribed));

/** What the renderers rely on in `results.json`. */
const results = z.looseObject({
  run: z.looseObject({
    id: z.string(),
    seeds: z.array(z.unknown()),
    backend: z.string(),
    preset: z.string(),
    corpora: z.array(z.unknown()),
    settings: object,
    versions: object,
    command: z.string(),
  }),
  methods: z.array(z.looseObject({ id: z.string(), title: z.string(), question: z.string(), control: z.boolean() })),
  tasks: z.array(z.looseObject({ id: z.string(), title: z.string(), modality: z.string() })),
  protocols: z.array(z.looseObject({ id: z.string(), title: z.string(), metrics: described })).optional(),
  training: z.array(
    z.looseObject({
      method: z.string(),
      seed: z.number(),
      steps: z.number(),
      seconds: z.number(),
      parameters: object,
      curve: z.array(z.unknown()),
    }),
  ),
  cells: z.array(cell),
  statistics: statistics.optional(),
});

/** The first place where results are not what the renderers rely on, such as `cells[3].metric`; undefined if none. */
export function findMisfit(value: unknown): string | undefined {
  const { error } = results.safeParse(value);
  return error && z.core.toDotPath(error.issues[0]!.path);
}

/** What is read of `comparisons.json`. */
const comparisons = z.array(
  z.looseObject({
    pairs: z.array(
      z.looseObject({
        first: z.string(),
        second: z.string(),
        test: z.string(),
        difference: z.number(),
        pValue: z.number(),
        adjusted: z.number(),
        ci95: z.array(z.unknown()).length(2),
      }),
    ),
  }),
);

export const areComparisons = (value: unknown): boolean => comparisons.safeParse(value).success;

const items = z.array(z.union([z.looseObject({ image: z.number() }), z.looseObject({ text: z.string() })]));

/** What is read of `gallery/<task>.json`. */
const gallery = z.looseObject({
  schemaVersion: z.literal(2),
  task: z.string(),
  // Base 64, which is written into the page as it is.
  images: z.array(z.string().regex(/^[A-Za-z0-9+/]+=*$/)),
  parts: z.array(
    z.looseObject({
      protocol: z.string(),
      query: z.enum(['label', 'image-to-text', 'text-to-image']),
      examples: z.array(z.looseObject({ place: z.number(), query: items, right: items })),
      rows: z.array(
        z.looseObject({
          id: z.string(),
          control: z.boolean(),
          said: z.array(z.looseObject({ answers: items, rank: z.number().optional() })),
        }),
      ),
    }),
  ),
});

export const isGallery = (value: unknown): boolean => gallery.safeParse(value).success;
