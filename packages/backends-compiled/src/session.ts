import { join } from 'node:path';
import { checkTensors, copyTensor, type SharedState, SharedStates, stateNames } from '@medbench/backend-kit';
import { NAMES, selfCheck } from '@medbench/backend-trace';
import { wasmReference } from '@medbench/backends-wasm';
import {
  errorMessage,
  type HostTensor,
  type HostTensors,
  type LoadOptions,
  MedbenchError,
  type Program,
  type Session,
} from '@medbench/core';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { bake } from './graph/bake.js';
import { encodeModel } from './graph/protobuf.js';
import { GraphCache } from './graph-cache.js';
import { loadRuntime, type Provider, type Runtime, sessionOptions } from './runtime.js';
import { type Traced, takeTraced } from './trace.js';

/** ONNX Runtime's own arrays: no copy is made in either direction. */
export const toOrt = ({ Tensor }: Runtime, { shape, dtype, data }: HostTensor): Tensor =>
  new Tensor(dtype, data, [...shape]);
export const toHost = ({ type, dims, data }: Tensor): HostTensor => ({
  shape: dims,
  dtype: type as HostTensor['dtype'],
  data: data as Float32Array,
});

/** A tensor of ONNX Runtime with its shape under the name that the shared state looks for. */
interface SizedTensor {
  readonly tensor: Tensor;
  readonly shape: readonly number[];
}
const sized = (tensor: Tensor): SizedTensor => ({ tensor, shape: tensor.dims });
const STATES = new SharedStates<SizedTensor>();

/** What a session needs of a recording: neither the model nor the graph, so that they can go. */
type Kept = Pick<Traced, 'inputs' | 'updated' | 'results' | 'tracedBytes'>;

/** How kept graphs are written. Rises when that changes. */
const ORDER = 'as recorded, 1';

/** Has ONNX Runtime optimize a graph, or takes what it made of it before. */
async function optimized(
  model: Uint8Array,
  runtime: Runtime,
  options: InferenceSession.SessionOptions,
  cache: GraphCache | undefined,
): Promise<InferenceSession> {
  const create = (graph: Uint8Array, own: InferenceSession.SessionOptions): Promise<InferenceSession> =>
    runtime.InferenceSession.create(graph, { ...options, ...own });
  if (!cache) return create(model, {});
  const kept = await cache.read(model);
  if (kept) {
    try {
      return await create(kept, { graphOptimizationLevel: 'disabled' });
    } catch (error) {
      await cache.discard(model, errorMessage(error));
    }
  }
  const scratch = await cache.scratch().catch(() => undefined);
  if (scratch === undefined) return create(model, {});
  // Its warning that the graph is for this processor goes without saying: the cache's key has the processor.
  const session = await create(model, { optimizedModelFilePath: scratch, logSeverityLevel: 3 });
  await cache.write(model, scratch);
  return session;
}

async function compile(
  program: Program,
  model: Uint8Array,
  runtime: Runtime,
  provider: Provider,
  cache: GraphCache | undefined,
): Promise<InferenceSession> {
  try {
    return await optimized(model, runtime, sessionOptions(provider), cache);
  } catch (cause) {
    throw new MedbenchError('backend', `ONNX Runtime refuses the graph of ${program.name}: ${errorMessage(cause)}`, {
      hint: 'Run with the backend wasm, and please report the program as an issue.',
      cause,
    });
  }
}

/**
 * A program compiled to one ONNX graph, together with its state. State that the program updates is handed out by ONNX
 * Runtime at each step and handed in at the next; giving it arrays to write into costs a copy of all of them (measured: a
 * twelfth of a small model's step). State that it does not update is used where it lies, or built into the graph if it is
 * fixed: the caller must not write to those arrays.
 */
class CompiledSession implements Session {
  readonly #held: SharedState<SizedTensor>;
  #unchecked: boolean;
  #disposed = false;

  constructor(
    private readonly program: Program,
    private readonly traced: Kept,
    private readonly runtime: Runtime,
    private readonly session: InferenceSession,
    initial: HostTensors,
    private readonly options: LoadOptions,
  ) {
    if (options.share) this.#held = STATES.of(options.share, program);
    else {
      const updated = new Set(traced.updated);
      const copied = (name: string): HostTensor => (updated.has(name) ? copyTensor(initial[name]!) : initial[name]!);
      const names = Object.keys(program.state);
      this.#held = {
        entries: Object.fromEntries(names.map((name) => [name, sized(toOrt(runtime, copied(name)))])),
        users: 0,
      };
    }
    STATES.join(this, this.#held);
    this.#unchecked = options.selfCheck !== false && (program.selfCheck?.length ?? 0) > 0;
  }

  async step(inputs: HostTensors): Promise<HostTensors> {
    this.#alive();
    checkTensors(this.program, 'inputs', inputs);
    const before = this.#unchecked ? this.#state() : undefined;
    const outputs = await this.#run(inputs);
    if (before) {
      this.#unchecked = false;
      await selfCheck({
        reference: wasmReference,
        program: this.program,
        state: before,
        inputs,
        compiled: { state: this.#state(), outputs },
        tracedBytes: this.traced.tracedBytes,
        log: this.options.log ?? (() => {}),
      });
    }
    return outputs;
  }

  async readState(names?: readonly string[]): Promise<HostTensors> {
    this.#alive();
    return Object.fromEntries(
      stateNames(this.program, names).map((name) => [name, copyTensor(toHost(this.#current(name)))]),
    );
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#held.users--;
    await this.session.release();
  }

  #current(name: string): Tensor {
    return this.#held.entries[name]!.tensor;
  }

  #alive(): void {
    if (this.#disposed) throw new MedbenchError('backend', `The session of ${this.program.name} was disposed`);
  }

  #state(): HostTensors {
    return Object.fromEntries(Object.keys(this.program.state).map((name) => [name, toHost(this.#current(name))]));
  }

  async #run(inputs: HostTensors): Promise<HostTensors> {
    const { runtime, traced, session } = this;
    const feeds: Record<string, Tensor> = {};
    for (const name of session.inputNames) {
      const entry = name.slice(name.indexOf('/') + 1);
      feeds[name] = name.startsWith(NAMES.state) ? this.#current(entry) : toOrt(runtime, inputs[entry]!);
    }
    const fetches: Record<string, Tensor | null> = {};
    for (const name of traced.updated) fetches[NAMES.next + name] = null;
    for (const name of Object.keys(traced.results)) fetches[NAMES.output + name] = null;
    const results = await session.run(feeds, fetches as InferenceSession.OnnxValueMapType);
    for (const name of traced.updated) this.#held.entries[name] = sized(results[NAMES.next + name]!);
    return Object.fromEntries(Object.keys(traced.results).map((name) => [name, toHost(results[NAMES.output + name]!)]));
  }
}

const graphCache = (
  folder: string,
  runtime: Runtime,
  provider: Provider,
  log: LoadOptions['log'] = () => {},
): GraphCache =>
  new GraphCache(
    join(folder, 'graphs'),
    [JSON.stringify([ORDER, runtime.env.versions, sessionOptions(provider)])],
    log,
  );

/**
 * Traces and compiles a program and gives it its state.
 * @throws MedbenchError if the program cannot be traced, the state does not fit, or ONNX Runtime refuses the graph.
 */
export async function compiledSession(
  program: Program,
  initial: HostTensors,
  options: LoadOptions = {},
  provider: Provider = 'cpu',
): Promise<Session> {
  if (!options.share) checkTensors(program, 'state', initial);
  const runtime = await loadRuntime();
  const started = performance.now();
  const cache = options.cache === undefined ? undefined : graphCache(options.cache, runtime, provider, options.log);
  const divided = provider === 'cpu';
  const traced = await takeTraced(program, { divided, ...(cache ? { known: (model) => cache.has(model) } : {}) });
  const recorded = performance.now();
  const fixed = options.fixed === true && options.share === undefined && traced.updated.length === 0;
  // A graph with weights in it is not worth a file: it takes no longer to optimize than to read.
  const session = fixed
    ? await compile(program, encodeModel(bake(traced.proto, NAMES.state, initial)), runtime, provider, undefined)
    : await compile(program, traced.model, runtime, provider, cache);
  const compiled = performance.now();
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  options.log?.(
    `${program.name}: recorded ${traced.nodeCount} operations in ${seconds(recorded - started)}, ` +
      `compiled in ${seconds(compiled - recorded)}`,
  );
  const { inputs, updated, results, tracedBytes } = traced;
  return new CompiledSession(program, { inputs, updated, results, tracedBytes }, runtime, session, initial, options);
}
