import { join } from 'node:path';
import { checkTensors, copyTensor, type SharedState, SharedStates, stateNames } from '@medbench/backend-kit';
import { type Agreement, FirstStepCheck, NAME_PREFIXES } from '@medbench/backend-trace';
import { wasmReference } from '@medbench/backends-wasm';
import {
  errorMessage,
  type HostTensors,
  type LoadOptions,
  MedbenchError,
  type Program,
  type Session,
} from '@medbench/core';
import type { InferenceSession } from 'onnxruntime-common';
import {
  bindingCompiler,
  type CompiledGraph,
  type CompileGraph,
  type GraphInterface,
  type StateEntry,
} from './compiled-graph.js';
import { bake } from './graph/bake.js';
import { encodeModel } from './graph/protobuf.js';
import { GraphCache } from './graph-cache.js';
import { nativeRuntime } from './native/api.js';
import { nativeCompiler } from './native/graph.js';
import { type ExecutionProvider, loadRuntime, type OnnxRuntime, sessionOptions } from './runtime.js';
import { type TracedProgram, takeTraced } from './trace.js';

const STATES = new SharedStates<StateEntry>();

/** The runs on a state, which take turns: a run writes over what another reads. */
const TURNS = new WeakMap<SharedState<StateEntry>, Promise<unknown>>();

/** Waits for the runs on a state before, then does a task. */
function takeTurn<T>(state: SharedState<StateEntry>, task: () => T | Promise<T>): Promise<T> {
  const turn = (TURNS.get(state) ?? Promise.resolve()).then(task);
  // A task that fails is reported to whoever waits for it, and the next one begins all the same.
  TURNS.set(
    state,
    turn.catch(() => {}),
  );
  return turn;
}

/**
 * The part of a recording that a session keeps. The model and the graph are left out, so that their memory is freed.
 */
type SessionRecording = Pick<TracedProgram, 'updated' | 'tracedBytes'>;

/** Format of the cached graphs, part of the cache key. Increase the number when the format changes. */
const NODE_ORDER = 'as recorded, 1';

/** Creates a session from the cached optimized graph, or has ONNX Runtime optimize the graph and caches the result. */
async function createOptimized(
  model: Uint8Array,
  compile: CompileGraph,
  options: InferenceSession.SessionOptions,
  graph: GraphInterface,
  cache: GraphCache | undefined,
): Promise<CompiledGraph> {
  const create = (bytes: Uint8Array, overrides: InferenceSession.SessionOptions): Promise<CompiledGraph> =>
    compile(bytes, { ...options, ...overrides }, graph);
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

async function compileProgram(
  program: Program,
  ...[model, compile, options, graph, cache]: Parameters<typeof createOptimized>
): Promise<CompiledGraph> {
  try {
    return await createOptimized(model, compile, options, graph, cache);
  } catch (cause) {
    throw new MedbenchError('backend', `ONNX Runtime refuses the graph of ${program.name}: ${errorMessage(cause)}`, {
      hint: 'Run with the backend wasm, and please report the program as an issue.',
      cause,
    });
  }
}

/**
 * A program compiled to one ONNX graph, together with its state. State that the program does not update is used in place, or
 * built into the graph if it is fixed: the caller must not write to those arrays.
 */
class CompiledSession implements Session {
  readonly #sharedState: SharedState<StateEntry>;
  readonly #check: FirstStepCheck;
  #disposed = false;

  constructor(
    private readonly program: Program,
    recording: SessionRecording,
    private readonly graph: CompiledGraph,
    initial: HostTensors,
    options: LoadOptions,
    agreement: Agreement | undefined,
  ) {
    if (options.share) this.#sharedState = STATES.get(options.share, program);
    else {
      const updated = new Set(recording.updated);
      const entry = (name: string): StateEntry =>
        updated.has(name) ? graph.own(initial[name]!) : { ...initial[name]!, owned: false };
      const names = Object.keys(program.state);
      this.#sharedState = { entries: Object.fromEntries(names.map((name) => [name, entry(name)])), users: 0 };
    }
    STATES.join(this, this.#sharedState);
    const { tracedBytes } = recording;
    this.#check = new FirstStepCheck({ program, reference: wasmReference, tracedBytes, options, agreement });
  }

  async step(inputs: HostTensors): Promise<HostTensors> {
    this.#assertAlive();
    checkTensors(this.program, 'inputs', inputs);
    return takeTurn(this.#sharedState, () =>
      this.#check.step(
        inputs,
        () => this.#run(inputs),
        () => this.#copyState(Object.keys(this.program.state)),
      ),
    );
  }

  async readState(names?: readonly string[]): Promise<HostTensors> {
    this.#assertAlive();
    const chosen = stateNames(this.program, names);
    return takeTurn(this.#sharedState, () => this.#copyState(chosen));
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await takeTurn(this.#sharedState, () => {
      this.#sharedState.users--;
      return this.graph.release();
    });
  }

  #assertAlive(): void {
    if (this.#disposed) throw new MedbenchError('backend', `The session of ${this.program.name} was disposed`);
  }

  #copyState(names: readonly string[]): HostTensors {
    return Object.fromEntries(names.map((name) => [name, copyTensor(this.#sharedState.entries[name]!)]));
  }

  async #run(inputs: HostTensors): Promise<HostTensors> {
    const { state, outputs } = await this.graph.run(this.#sharedState.entries, inputs);
    Object.assign(this.#sharedState.entries, state);
    return outputs;
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
 * @param native ONNX Runtime by its C API, or why it cannot be called so; then its binding for Node runs the graph.
 * @throws MedbenchError if the program cannot be traced, the state does not fit, or ONNX Runtime refuses the graph.
 */
export async function compiledSession(
  program: Program,
  initial: HostTensors,
  options: LoadOptions = {},
  provider: ExecutionProvider = 'cpu',
  native: ReturnType<typeof nativeRuntime> = nativeRuntime(),
): Promise<Session> {
  if (!options.share) checkTensors(program, 'state', initial);
  const runtime = await loadRuntime();
  const compile = provider === 'cpu' && 'runtime' in native ? nativeCompiler(native.runtime) : bindingCompiler(runtime);
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
  const { inputs, inPlace, updated, results, tracedBytes } = traced;
  const given = fixed ? inputs.filter((name) => !name.startsWith(NAME_PREFIXES.state)) : inputs;
  const graphInterface = { inputs: given, updated, inPlace, results };
  // A graph with built-in weights is not cached: optimizing it takes no longer than reading it from a file.
  const model = fixed ? encodeModel(bake(traced.proto, NAME_PREFIXES.state, initial)) : traced.model;
  const graph = await compileProgram(program, model, compile, settings, graphInterface, fixed ? undefined : cache);
  const compiled = performance.now();
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  options.log?.(
    `${program.name}: recorded ${traced.nodeCount} operations in ${seconds(recorded - started)}, ` +
      `compiled in ${seconds(compiled - recorded)}`,
  );
  const agreement = cache?.agreement(traced.model, fixed ? '-fixed' : '');
  return new CompiledSession(program, { updated, tracedBytes }, graph, initial, options, agreement);
}
