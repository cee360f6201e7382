/*
 * A process that measures parts of a run: `worker.js FOLDER`. It carries out the units that it is asked for on a sample of
 * their work, by the stages of the run, and answers with what they took.
 */
import { statSync } from 'node:fs';
import { GENERAL, type RunObserver, RunStore, recordError, type Unit, Work } from '@medbench/runner';
import { SILENT_OBSERVER } from '../../options.js';
import type { MeasureAnswer, MeasuredCell, MeasuredUnit, MeasureRequest, PhaseSeconds } from './record.js';
import { joinSample } from './sample-run.js';
import type { SampledTask } from './sampled-registry.js';
import { addSeconds, SteadyClock, secondsSince } from './steady-clock.js';

/** Milliseconds of work between two looks at the messages. */
const SLICE = 20;

const folder = process.argv[2]!;
const send = (answer: MeasureAnswer): Promise<void> =>
  new Promise((resolve) => process.send!(answer, undefined, undefined, () => resolve()));

/** Collects the cells of the unit at work. */
class Cells implements Partial<RunObserver> {
  cells: MeasuredCell[] = [];
  /** Seconds of the finished cells by phase. */
  spent: PhaseSeconds = {};
  #sampled: SampledTask | undefined;
  #began: PhaseSeconds = {};

  constructor(
    private readonly clock: SteadyClock,
    private readonly fileOf: (row: string, task: string) => string,
  ) {}

  reset(): void {
    this.cells = [];
    this.spent = {};
  }

  evaluated = (_: string, sampled: SampledTask): void => {
    this.#sampled = sampled;
  };

  evaluationStarted = (): void => {
    this.#began = this.clock.seconds();
    this.#sampled = undefined;
  };

  cellFinished: RunObserver['cellFinished'] = ([cell]) => {
    const sampled = this.#sampled;
    if (!cell || !sampled) return;
    const phases = secondsSince(this.#began, this.clock.seconds());
    this.spent = addSeconds(this.spent, phases);
    const { images, texts, ...rest } = sampled;
    const embedded = {
      'reading images': images.reading + texts.reading,
      embedding: images.embedding + texts.embedding,
    };
    const bytes = statSync(this.fileOf(cell.method, cell.task), { throwIfNoEntry: false })?.size ?? 0;
    this.cells.push({ ...rest, task: cell.task, images, texts, phases: secondsSince(embedded, phases), bytes });
    this.#sampled = undefined;
  };
}

const clock = new SteadyClock();
const store = RunStore.join(folder);
const abort = new AbortController();
process.once('disconnect', () => process.exit(1));
let firstSeed = 0;
const collected = new Cells(clock, (row, task) => store.layout.cell(row, task, firstSeed));

async function main(): Promise<void> {
  const observer: RunObserver = {
    ...SILENT_OBSERVER,
    evaluationStarted: collected.evaluationStarted,
    cellFinished: collected.cellFinished,
  };
  const sink = { evaluated: collected.evaluated, searched: () => {} };
  const { plan, container, training, budget } = await joinSample(folder, {
    store,
    clock,
    sink,
    observer,
    signal: abort.signal,
  });
  firstSeed = plan.config.seeds[0]!;
  const work = container.get(Work);
  const measure = async (row: string): Promise<MeasuredUnit> => {
    collected.reset();
    budget.reset();
    training.last = undefined;
    const before = clock.seconds();
    const unit: Unit | typeof GENERAL = row === GENERAL ? GENERAL : { row, seed: firstSeed };
    const outcome = await work.one(unit, { settled: () => {}, taken: () => {}, finished: () => {} });
    const all = secondsSince(before, clock.seconds());
    return {
      row,
      phases: secondsSince(collected.spent, all),
      ...(training.last ? { training: training.last } : {}),
      cells: collected.cells,
      ...(outcome?.error ? { error: outcome.error } : {}),
      failures: Object.fromEntries(Object.entries(outcome?.failures ?? {}).map(([id, { message }]) => [id, message])),
    };
  };
  await send({ type: 'ready', seconds: performance.now() / 1000 });
  let spinning = false;
  const spin = (): void => {
    const until = performance.now() + SLICE;
    while (performance.now() < until);
    if (spinning) setImmediate(spin);
  };
  process.on('message', (request: MeasureRequest) => {
    spinning = false;
    if ('end' in request) process.exit(0);
    if ('spin' in request) {
      spinning = true;
      setImmediate(spin);
      return;
    }
    measure(request.measure).then(
      (unit) => send({ type: 'measured', unit }),
      (error) => send({ type: 'failed', error: recordError(error) }),
    );
  });
}

await main().catch((error) => send({ type: 'failed', error: recordError(error) }));
