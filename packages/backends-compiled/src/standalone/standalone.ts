import { NAMES } from '@medbench/backend-trace';
import { type HostTensor, type HostTensors, MedbenchError, type Program } from '@medbench/core';
import { bake } from '../graph/bake.js';
import { encodeModel, type ModelProto } from '../graph/protobuf.js';
import { loadRuntime, sessionOptions } from '../runtime.js';
import { toHost, toOrt } from '../session.js';
import { traceProgram } from '../trace.js';
import { withFreeBatch } from './free-batch.js';

/** Batches that a graph for any size is found from: primes, so that no other side is one of them by chance. */
const TRACED_BATCHES = [101, 103, 107] as const;
/** Protocol buffers end at 2 GiB; the operators and names take less than the room left here. */
const LARGEST_FILE = 2 ** 31 - 2 ** 22;

export interface StandaloneOptions {
  /** Size of every batch; undefined: any. */
  readonly batch?: number;
  /** For who opens the file. */
  readonly doc?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A name without the prefix that says what it is. */
const bare = (name: string): string =>
  name.replace(new RegExp(`^(${[NAMES.state, NAMES.input, NAMES.output].join('|')})`), '');

/** The program for batches of `batch`, its state still an input. */
async function traced(program: Program): Promise<ModelProto> {
  const { proto, updated } = await traceProgram(program, { portable: true });
  const foreign = proto.nodes.find(({ domain }) => domain !== '');
  if (foreign) {
    throw new MedbenchError('backend', `${program.name} was traced into ${foreign.domain}'s ${foreign.op}`, {
      hint: 'Other runtimes do not have it: please report the program as an issue.',
    });
  }
  if (updated.length > 0)
    throw new MedbenchError('backend', `${program.name} changes its state, which a file of its own cannot`);
  return proto;
}

/** What was state becomes a part of the file, under its own name. */
function baked(model: ModelProto, weights: HostTensors): ModelProto {
  const whole = bake(model, NAMES.state, weights);
  const named = <T extends { readonly name: string }>(value: T): T => ({ ...value, name: bare(value.name) });
  return {
    ...whole,
    nodes: whole.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(bare),
      outputs: node.outputs.map(bare),
    })),
    initializers: whole.initializers.map(named),
    inputs: whole.inputs.map(named),
    outputs: whole.outputs.map(named),
  };
}

/**
 * A program that keeps its state, written as an ONNX file that needs nothing else: its state baked in as initializers under
 * its own names, inputs and outputs under theirs, operators of the ONNX standard only (opset 20). Where `batch` is not
 * given the first side of inputs and outputs is `batch`, free.
 * @param programOf the program for batches of a size, with one input.
 * @param weights its state.
 * @throws MedbenchError('usage') if the file would be larger than 2 GiB; ('backend') if it cannot be traced, or changes in
 *   more than its shapes with the size of the batch.
 */
export async function standaloneOnnx(
  programOf: (batch: number) => Program,
  weights: HostTensors,
  { batch, doc, metadata }: StandaloneOptions = {},
): Promise<Uint8Array> {
  const bytes = Object.values(weights).reduce((sum, { data }) => sum + data.byteLength, 0);
  const { name, inputs } = programOf(1);
  if (bytes > LARGEST_FILE) {
    throw new MedbenchError(
      'usage',
      `The weights of ${name} take ${(bytes / 2 ** 30).toFixed(2)} GiB; an ONNX file holds 2 GiB`,
      { hint: 'Write them as safetensors: --format safetensors.' },
    );
  }
  const [input] = Object.keys(inputs) as [string];
  let model: ModelProto;
  if (batch !== undefined) model = await traced(programOf(batch));
  else {
    const traces = [];
    for (const size of TRACED_BATCHES) traces.push({ batch: size, model: await traced(programOf(size)) });
    model = withFreeBatch(name, traces, NAMES.input + input);
  }
  return encodeModel({
    ...baked(model, weights),
    ...(doc === undefined ? {} : { doc }),
    ...(metadata ? { metadata } : {}),
  });
}

/**
 * Runs an ONNX file once with ONNX Runtime on the CPU.
 * @throws MedbenchError('backend') if ONNX Runtime cannot be loaded.
 */
export async function runOnnx(model: Uint8Array, feeds: HostTensors): Promise<HostTensors> {
  const runtime = await loadRuntime();
  const session = await runtime.InferenceSession.create(model, sessionOptions());
  try {
    const results = await session.run(
      Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrt(runtime, tensor)])),
    );
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]): [string, HostTensor] => [name, toHost(tensor)]),
    );
  } finally {
    await session.release();
  }
}
