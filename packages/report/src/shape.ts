type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, 'string' | 'number' | 'boolean' | Check>>;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isNumber: Check = (value) => typeof value === 'number';
export const isText: Check = (value) => typeof value === 'string';
const isList: Check = Array.isArray;

export const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

/** The first key at which an object is not as its shape says; undefined if there is none. */
const wrongKey = (value: Readonly<Record<string, unknown>>, shape: Shape): string | undefined =>
  Object.entries(shape).find(([key, expected]) =>
    typeof expected === 'string' ? typeof value[key] !== expected : !expected(value[key]),
  )?.[0];

export const shaped =
  (shape: Shape): Check =>
  (value) =>
    isObject(value) && wrongKey(value, shape) === undefined;

const pairOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length === 2 && value.every(check);

const isMetrics: Check = (value) =>
  isObject(value) && Object.values(value).every((metric) => isObject(metric) && 'value' in metric && 'ci95' in metric);

const COMPARISONS = listOf(
  shaped({
    first: 'string',
    second: 'string',
    difference: 'number',
    // JSON has no infinity.
    ci95: pairOf(orNull(isNumber)),
    adjusted: 'number',
    test: 'string',
  }),
);

const SHAPES: Readonly<Record<'run' | 'methods' | 'tasks' | 'training' | 'cells', Shape>> = {
  run: {
    id: 'string',
    seeds: isList,
    backend: 'string',
    preset: 'string',
    corpora: isList,
    settings: isObject,
    versions: isObject,
    command: 'string',
  },
  methods: { id: 'string', title: 'string', question: 'string', control: 'boolean' },
  tasks: { id: 'string', title: 'string', modality: 'string' },
  training: {
    method: 'string',
    seed: 'number',
    steps: 'number',
    seconds: 'number',
    parameters: isObject,
    curve: isList,
  },
  cells: {
    method: 'string',
    task: 'string',
    protocol: 'string',
    seed: 'number',
    metric: 'string',
    value: orNull(isNumber),
    ci95: orNull(pairOf(isNumber)),
    metrics: isMetrics,
    status: (value) => value === 'ok' || value === 'failed',
    notes: optional(listOf(isText)),
    classification: optional(
      shaped({
        classes: listOf(isText),
        confusion: listOf(listOf(isNumber)),
        rare: listOf(isText),
        calibration: optional(
          shaped({ count: listOf(isNumber), right: listOf(isNumber), confidence: listOf(isNumber) }),
        ),
      }),
    ),
    retrieval: optional(
      shaped({
        images: 'number',
        texts: 'number',
        k: listOf(isNumber),
        imageToText: listOf(isNumber),
        textToImage: listOf(isNumber),
      }),
    ),
    leaks: optional(
      listOf(
        shaped({
          of: (value) => value === 'train' || value === 'val' || value === 'corpus',
          groups: orNull(isNumber),
          identical: 'number',
          near: 'number',
        }),
      ),
    ),
  },
};

const STATISTICS: Shape = {
  level: 'number',
  columns: listOf(
    shaped({
      task: 'string',
      protocol: 'string',
      n: 'number',
      seeds: listOf(isNumber),
      pairs: 'number',
      best: orNull(isText),
      againstBest: COMPARISONS,
      againstControls: COMPARISONS,
    }),
  ),
  ranks: orNull(
    shaped({
      columns: 'number',
      methods: listOf(shaped({ id: 'string', rank: 'number' })),
      criticalDifference: 'number',
      pValue: 'number',
    }),
  ),
};

/** What results say of their protocols. */
const isDescribed = optional(
  listOf(
    shaped({
      id: 'string',
      title: 'string',
      metrics: (value) => isObject(value) && Object.values(value).every(shaped({ description: 'string' })),
    }),
  ),
);

/** The first place where results are not what the renderers rely on, such as `cells[3].metric`; undefined if none. */
export function misfit(results: Readonly<Record<string, unknown>>): string | undefined {
  const inObject = (value: unknown, shape: Shape, path: string): string | undefined => {
    if (!isObject(value)) return path;
    const key = wrongKey(value, shape);
    return key && `${path}.${key}`;
  };
  for (const [key, shape] of Object.entries(SHAPES)) {
    const value = results[key];
    if (key !== 'run' && !Array.isArray(value)) return key;
    const items =
      key === 'run' ? [[key, value] as const] : (value as unknown[]).map((v, i) => [`${key}[${i}]`, v] as const);
    for (const [path, item] of items) {
      const wrong = inObject(item, shape, path);
      if (wrong) return wrong;
    }
  }
  if (!isDescribed(results.protocols)) return 'protocols';
  return results.statistics === undefined ? undefined : inObject(results.statistics, STATISTICS, 'statistics');
}
