import { join } from 'node:path';
import { checkTensors, copyTensor, type SharedState, SharedStates, stateNames } from '@medbench/backend-kit';
import { type Agreement, FirstStepCheck, NAME_PREFIXES } from '@medbench/backend-trace';
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
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { bake } from './graph/bake.js';
import { encodeModel } from './graph/protobuf.js';
import { GraphCache } from './graph-cache.js';
import { type ExecutionProvider, loadRuntime, type OnnxRuntime, sessionOptions } from './runtime.js';
import { type TracedProgram, takeTraced } from './trace.js';

/** Converts to a tensor of ONNX Runtime. Neither this function nor `toHost` copies the data. */
export const toOrt = ({ Tensor }: OnnxRuntime, { shape, dtype, data }: HostTensor): Tensor =>
  new Tensor(dtype, data, [...shape]);
/** Converts from a tensor of ONNX Runtime, without a copy. */
export const toHost = ({ type, dims, data }: Tensor): HostTensor => ({
  shape: dims,
  dtype: type as HostTensor['dtype'],
  data: data as Float32Array,
});

/** A tensor of ONNX Runtime with its shape in the property that `SharedStates` reads. */
interface SizedTensor {
  readonly tensor: Tensor;
  readonly shape: readonly number[];
}
const withShape = (tensor: Tensor): SizedTensor => ({ tensor, shape: tensor.dims });
const STATES = new SharedStates<SizedTensor>();

/**
 * The part of a recording that a session keeps. The model and the graph are left out, so that their memory is freed.
 */
type SessionRecording = Pick<TracedProgram, 'inputs' | 'updated' | 'results' | 'tracedBytes'>;

/** Format of the cached graphs, part of the cache key. Increase the number when the format changes. */
const NODE_ORDER = 'as recorded, 1';

/** Creates a session from the cached optimized graph, or has ONNX Runtime optimize the graph and caches the result. */
async function createOptimized(
  model: Uint8Array,
  runtime: OnnxRuntime,
  options: InferenceSession.SessionOptions,
  cache: GraphCache | undefined,
): Promise<InferenceSession> {
  const create = (graph: Uint8Array, overrides: InferenceSession.SessionOptions): Promise<InferenceSession> =>
    runtime.InferenceSession.create(graph, { ...options, ...overrides });
  if (!cache) return create(model, {});
  const cachedGraph = await cache.read(model);
  if (cachedGraph) {
    try {
      return await create(cachedGraph, { graphOptimizationLevel: 'disabled' });
    } catch (error) {
      await cache.discard(model, errorMessage(error));
    }
  }
  const scratch = await cache.scratch().catch(() => undefined);
  if (scratch === undefined) return create(model, {});
  // ONNX Runtime warns that the file is specific to this processor. The cache key contains the processor, so hide that.
  const session = await create(model, { optimizedModelFilePath: scratch, logSeverityLevel: 3 });
  await cache.writeFrom(model, scratch);
  return session;
}

async function compile(
  program: Program,
  model: Uint8Array,
  runtime: OnnxRuntime,
  options: InferenceSession.SessionOptions,
  cache: GraphCache | undefined,
): Promise<InferenceSession> {
  try {
    return await createOptimized(model, runtime, options, cache);
  } catch (cause) {
    throw new MedbenchError('backend', `ONNX Runtime refuses the graph of ${program.name}: ${errorMessage(cause)}`, {
      hint: 'Run with the backend wasm, and please report the program as an issue.',
      cause,
    });
  }
}

/**
 * A program compiled to one ONNX graph, together with its state. ONNX Runtime returns the updated state from each step
 * as new arrays, which are the inputs of the next step. Preallocated output arrays would cost a copy of them all
 * (measured: a twelfth of a small model's step). State that the program does not update is used in place, or built into
 * the graph if it is fixed: the caller must not write to those arrays.
 */
class CompiledSession implements Session {
  readonly #sharedState: SharedState<SizedTensor>;
  readonly #check: FirstStepCheck;
  #disposed = false;

  constructor(
    private readonly program: Program,
    private readonly traced: SessionRecording,
    private readonly runtime: OnnxRuntime,
    private readonly session: InferenceSession,
    initial: HostTensors,
    options: LoadOptions,
    agreement: Agreement | undefined,
  ) {
    if (options.share) this.#sharedState = STATES.get(options.share, program);
    else {
      const updated = new Set(traced.updated);
      const initialTensor = (name: string): HostTensor =>
        updated.has(name) ? copyTensor(initial[name]!) : initial[name]!;
      const names = Object.keys(program.state);
      this.#sharedState = {
        entries: Object.fromEntries(names.map((name) => [name, withShape(toOrt(runtime, initialTensor(name)))])),
        users: 0,
      };
    }
    STATES.join(this, this.#sharedState);
    const { tracedBytes } = traced;
    this.#check = new FirstStepCheck({ program, reference: wasmReference, tracedBytes, options, agreement });
  }

  async step(inputs: HostTensors): Promise<HostTensors> {
    this.#assertAlive();
    checkTensors(this.program, 'inputs', inputs);
    return this.#check.step(
      inputs,
      () => this.#run(inputs),
      () => this.#hostState(),
    );
  }

  async readState(names?: readonly string[]): Promise<HostTensors> {
    this.#assertAlive();
    return Object.fromEntries(
      stateNames(this.program, names).map((name) => [name, copyTensor(toHost(this.#current(name)))]),
    );
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#sharedState.users--;
    await this.session.release();
  }

  #current(name: string): Tensor {
    return this.#sharedState.entries[name]!.tensor;
  }

  #assertAlive(): void {
    if (this.#disposed) throw new MedbenchError('backend', `The session of ${this.program.name} was disposed`);
  }

  #hostState(): HostTensors {
    return Object.fromEntries(Object.keys(this.program.state).map((name) => [name, toHost(this.#current(name))]));
  }

  async #run(inputs: HostTensors): Promise<HostTensors> {
    const { runtime, traced, session } = this;
    const feeds: Record<string, Tensor> = {};
    for (const name of session.inputNames) {
      const key = name.slice(name.indexOf('/') + 1);
      feeds[name] = name.startsWith(NAME_PREFIXES.state) ? this.#current(key) : toOrt(runtime, inputs[key]!);
    }
    const fetches: Record<string, Tensor | null> = {};
    for (const name of traced.updated) fetches[NAME_PREFIXES.next + name] = null;
    for (const name of Object.keys(traced.results)) fetches[NAME_PREFIXES.output + name] = null;
    const results = await session.run(feeds, fetches as InferenceSession.OnnxValueMapType);
    for (const name of traced.updated) this.#sharedState.entries[name] = withShape(results[NAME_PREFIXES.next + name]!);
    return Object.fromEntries(
      Object.keys(traced.results).map((name) => [name, toHost(results[NAME_PREFIXES.output + name]!)]),
    );
  }
}

const graphCache = (
  folder: string,
  runtime: OnnxRuntime,
  options: InferenceSession.SessionOptions,
  log: LoadOptions['log'] = () => {},
): GraphCache =>
  new GraphCache(join(folder, 'graphs'), [JSON.stringify([NODE_ORDER, runtime.env.versions, options])], log);

/**
 * Traces and compiles a program and creates a session with its state.
 * @throws MedbenchError if the program cannot be traced, the state does not fit, or ONNX Runtime refuses the graph.
 */
export async function compiledSession(
  program: Program,
  initial: HostTensors,
  options: LoadOptions = {},
  provider: ExecutionProvider = 'cpu',
): Promise<Session> {
  if (!options.share) checkTensors(program, 'state', initial);
  const runtime = await loadRuntime();
  const started = performance.now();
  const settings = sessionOptions(provider, options.threads);
  const cache = options.cache === undefined ? undefined : graphCache(options.cache, runtime, settings, options.log);
  const divided = provider === 'cpu';
  const traced = await takeTraced(program, {
    divided,
    ...(cache ? { recordedBefore: (model) => cache.has(model) } : {}),
  });
  const recorded = performance.now();
  const fixed = options.fixed === true && options.share === undefined && traced.updated.length === 0;
  // A graph with built-in weights is not cached: optimizing it takes no longer than reading it from a file.
  const session = fixed
    ? await compile(
        program,
        encodeModel(bake(traced.proto, NAME_PREFIXES.state, initial)),
        runtime,
        settings,
        undefined,
      )
    : await compile(program, traced.model, runtime, settings, cache);
  const compiled = performance.now();
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  options.log?.(
    `${program.name}: recorded ${traced.nodeCount} operations in ${seconds(recorded - started)}, ` +
      `compiled in ${seconds(compiled - recorded)}`,
  );
  const { inputs, updated, results, tracedBytes } = traced;
  const recording = { inputs, updated, results, tracedBytes };
  const agreement = cache?.agreement(traced.model, fixed ? '-fixed' : '');
  return new CompiledSession(program, recording, runtime, session, initial, options, agreement);
}
