// Import this file lazily, when a file is read: zod takes longer to load than the rest of this package.
import { z } from 'zod';

// Objects are loose: newer results have fields that are not checked here, and renderers treat missing fields as not
// known.
const numbers = z.array(z.number());
const texts = z.array(z.string());
/** A text that results written by older versions may lack. */
const text = z.string().optional();
const object = z.looseObject({});
const interval = z.tuple([z.number(), z.number()]).nullable();
const hasValue = z.looseObject({ value: z.number().nullable(), ci95: interval });

const comparison = z.looseObject({
  first: z.string(),
  second: z.string(),
  difference: z.number(),
  // JSON has no infinity: an infinite end is null.
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
  ci95: interval,
  // Not `z.record`: it would put names of metrics, which are untrusted text, into the path of an error message.
  metrics: object.refine((metrics) => Object.values(metrics).every((metric) => hasValue.safeParse(metric).success)),
  n: z.number().optional(),
  seconds: z.number().optional(),
  status: z.enum(['ok', 'failed']),
  error: text,
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
        of: z.enum(['train', 'val', 'corpus', 'validation']),
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
/** The metrics of a protocol, each with a description. */
const described = object.refine((metrics) => Object.values(metrics).every(isDescribed));

const point = z.looseObject({ step: z.number(), loss: z.number() });
const curve = z.array(point);

const frozenPart = z.looseObject({ blocks: z.string(), parameters: z.number() });
const setup = z.looseObject({
  start: z.string(),
  frozen: z.looseObject({ image: frozenPart, text: frozenPart }),
  own: z.number(),
  newInTowers: z.number().optional(),
  inputs: texts,
  phases: numbers,
  teacher: z.number().nullable(),
  chunkSize: z.number().optional(),
  settings: object,
});

const study = z.looseObject({
  id: z.string(),
  title: z.string(),
  question: z.string(),
  questions: z.array(
    z.looseObject({
      id: z.string(),
      question: z.string(),
      against: z.string(),
      rows: texts,
      found: z.string().optional(),
    }),
  ),
  variants: z.array(z.looseObject({ id: z.string(), title: z.string() })),
});

/** The fields of `results.json` that the renderers rely on. */
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
    study: study.optional(),
  }),
  methods: z.array(z.looseObject({ id: z.string(), title: z.string(), question: z.string(), control: z.boolean() })),
  tasks: z.array(
    z.looseObject({
      ...{ id: z.string(), title: z.string(), modality: z.string() },
      ...{ variant: text, licence: text, access: text, citation: text, pictures: text },
    }),
  ),
  protocols: z.array(z.looseObject({ id: z.string(), title: z.string(), metrics: described })).optional(),
  training: z.array(
    z.looseObject({
      method: z.string(),
      seed: z.number(),
      steps: z.number(),
      seconds: z.number(),
      parameters: z.looseObject({ total: z.number(), trainable: z.number() }),
      setup: setup.optional(),
      peakMemory: z.number().optional(),
      energy: z.looseObject({ joules: z.number(), from: z.string(), watts: z.number().optional() }).optional(),
      finalLoss: z.number(),
      validation: z
        .looseObject({ curve, kept: point, stoppedEarly: z.boolean(), pairs: z.number().optional() })
        .optional(),
      curve,
    }),
  ),
  corpora: z
    .array(
      z.looseObject({ id: z.string(), title: z.string(), licence: text, access: text, source: text, citation: text }),
    )
    .optional(),
  cells: z.array(cell),
  statistics: statistics.optional(),
});

/**
 * Path of the first field that does not fit the schema, for example `cells[3].metric`; undefined if results are valid.
 */
export function findMisfit(value: unknown): string | undefined {
  const { error } = results.safeParse(value);
  return error && z.core.toDotPath(error.issues[0]!.path);
}

/** The fields of `comparisons.json` that are read. */
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

/** The fields of `gallery/<task>.json` that are read. */
const gallery = z.looseObject({
  schemaVersion: z.literal(2),
  task: z.string(),
  // Base64, which is written into the page unescaped.
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
