import { type Backend, errorMessage, hashJson, MedbenchError } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import {
  type BackendReport,
  type Config,
  inspectBackends,
  type Plan,
  resolveMethod,
  withOptions,
} from '@medbench/runner';
import type { BuiltModel, SetupRequest } from '@medbench/training';
import { hasTimes, keepTime, type MeasuredStep, machineKey, readTimes, type TimedStep } from './kept.js';

/** Timed steps, after one that is not timed. */
const TIMED = 2;

/** The row of a method, as a plan has it. */
type MethodRow = Plan['rows'][number] & { readonly kind: 'method' };

const methodRows = ({ rows }: Plan): readonly MethodRow[] =>
  rows.filter((row): row is MethodRow => row.kind === 'method');

/** Describes the step of a row, with all that changes its time. */
function describeStep({ id, entry, settings }: MethodRow, config: Config): TimedStep {
  const { encoders, model, threads } = config;
  const { batchSize, chunkSize, precision, devices } = config.training;
  const { name, version } = entry.package;
  const method = { method: `${name}@${version}/${entry.id}`, settings };
  const key = hashJson([machineKey(), method, encoders, model, { batchSize, chunkSize, precision, devices }, threads]);
  return { row: id, encoders, batchSize, threads, key };
}

/** The time of a step, in milliseconds, and of what comes before it is steady, in seconds. */
export interface PhaseTime {
  /** The faster of two steps. */
  readonly ms: number;
  /** Loading the step, and taking the first. */
  readonly load: number;
  readonly first: number;
}

/**
 * Times a training step of a row on a backend: the faster of two, on generated pairs, after one step that counts as
 * set-up. A batch that does not fit into memory is split, as in a run.
 * @param phase which phase of the training, from 0.
 * @throws MedbenchError if the row cannot be trained on the backend.
 */
export async function timePhase(
  { model, tokenizer }: BuiltModel,
  request: SetupRequest,
  backend: Backend,
  { phase = 0, selfCheck = false, log = () => {} }: PhaseOptions = {},
): Promise<PhaseTime> {
  const [{ batchLoader, fitRow }, { phantomCase }, { initialise }] = await Promise.all([
    import('@medbench/training'),
    import('@medbench/phantoms'),
    import('@medbench/nn'),
  ]);
  const { batchSize, cropScale, crop, precision, devices = 1 } = request.training;
  const fitted = await fitRow(model, request, backend);
  const { step } = fitted.phases[phase]!;
  const { imageSize } = fitted.model.image;
  const load = batchLoader({
    ...{ tokenizer, imageSize, batchSize, cropScale, crop, inputs: step.inputs, bytes: backend.takesLevels },
    ...{ contextLength: fitted.model.text.contextLength, seed: 0, workers: 0 },
    pairs: {
      length: batchSize,
      async get(index) {
        const { caption, render } = phantomCase(0, 'train', index);
        return { caption, image: render(imageSize) };
      },
    },
  });
  const batch = await load(0);
  const began = performance.now();
  const session = await step.load(backend, step.initialState(initialise(fitted.specs, 0)), {
    ...{ selfCheck: selfCheck && fitted.checked, devices, log },
    ...(precision ? { precision } : {}),
  });
  try {
    const loaded = performance.now();
    await session.step(batch);
    const first = (performance.now() - loaded) / 1000;
    const times: number[] = [];
    for (let i = 0; i < TIMED; i++) {
      const started = performance.now();
      await session.step(batch);
      times.push(performance.now() - started);
    }
    return { ms: Math.min(...times), load: (loaded - began) / 1000, first };
  } finally {
    await session.dispose();
  }
}

/** How `timePhase` loads a step. */
export interface PhaseOptions {
  readonly phase?: number;
  /** Whether the first step is checked against the eager backend, as in a run. */
  readonly selfCheck?: boolean;
  readonly log?: (message: string) => void;
}

/**
 * The backends to compare: those that work on the CPU here, have the precision and the devices of the training, and say
 * beforehand what memory a step takes. The eager ones do not, and would take minutes for a step of a large model.
 */
async function candidates(registry: Registry, reports: readonly BackendReport[], { training }: Config) {
  const found: { readonly report: BackendReport; readonly backend: Backend }[] = [];
  for (const report of reports) {
    const { available, gpu, devices = 1 } = report.status;
    if (!available || gpu || devices < (training.devices ?? 1)) continue;
    const backend = await registry.get('backend', report.entry.id);
    const { precision = 'float32' } = training;
    if (backend.estimate && (backend.precisions ?? ['float32']).includes(precision)) found.push({ report, backend });
  }
  return found;
}

/** Where times are kept, and whom to tell of progress. */
export interface MeasureOptions {
  /** The cache folder. */
  readonly cache: string;
  readonly log: (message: string) => void;
}

/**
 * Times two training steps of each row on each backend that can be compared, and keeps the times.
 * @throws MedbenchError('backend') if fewer than two backends can be compared here.
 */
export async function measureSteps(
  plan: Plan,
  registry: Registry,
  { cache, log }: MeasureOptions,
): Promise<readonly MeasuredStep[]> {
  const { config } = plan;
  const reports = await inspectBackends(registry);
  const compared = await candidates(registry, reports, config);
  if (compared.length < 2)
    throw new MedbenchError('backend', 'There are no two backends on this CPU whose steps could be compared', {
      hint: 'medbench engines add xla-cpu adds one; medbench doctor shows which work.',
    });
  const { buildModel } = await import('@medbench/training');
  const [image, text] = await Promise.all([
    registry.get('encoder', config.encoders.image),
    registry.get('encoder', config.encoders.text),
  ]);
  const built = await buildModel({ image, text, model: config.model });
  const keys = new Set<string>();
  for (const row of methodRows(plan)) {
    const step = describeStep(row, config);
    keys.add(step.key);
    for (const { report, backend } of compared) {
      const { id } = report.entry;
      try {
        const { method } = await resolveMethod(registry, row.entry, row.settings);
        const request = { row: row.id, settings: row.settings, method, start: method.start, training: config.training };
        const shared = withOptions(backend, { cache, threads: config.threads });
        const { ms } = await timePhase(built, request, shared);
        await keepTime(cache, step, { report, ms });
        log(`${row.id} on ${id}: ${Math.round(ms)} ms per step`);
      } catch (error) {
        // The plan says why a row cannot be trained at all.
        log(`${row.id} on ${id}: not measured, ${errorMessage(error)}`);
      }
    }
  }
  return readTimes(cache, reports, keys);
}

/** The kept times of the rows of a plan; none if nothing was measured here. */
export async function keptSteps(plan: Plan, registry: Registry, cache: string): Promise<readonly MeasuredStep[]> {
  if (!hasTimes(cache)) return [];
  const keys = new Set(methodRows(plan).map((row) => describeStep(row, plan.config).key));
  return readTimes(cache, await inspectBackends(registry), keys);
}
