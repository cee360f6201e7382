import { NAME_PREFIXES } from '@medbench/backend-trace';
import { type HostTensor, type HostTensors, MedbenchError, type Program } from '@medbench/core';
import { toHost, toOrt } from '../compiled-graph.js';
import { bake } from '../graph/bake.js';
import { encodeModel, type ModelProto } from '../graph/protobuf.js';
import { loadRuntime, sessionOptions } from '../runtime.js';
import { traceProgram } from '../trace.js';
import { withFreeBatch } from './free-batch.js';

/**
 * Batch sizes that a graph for any size is traced for. They are primes, so that no other dimension equals a batch size
 * by chance.
 */
const TRACED_BATCHES = [101, 103, 107] as const;
/**
 * Largest size of all weights. A protocol buffer holds at most 2 GiB; 4 MiB of them are left for operators and names.
 */
const LARGEST_FILE = 2 ** 31 - 2 ** 22;

/** Options of `standaloneOnnx`. */
export interface StandaloneOptions {
  /** Fixed batch size; undefined: any batch size. */
  readonly batch?: number;
  /** Description for people who open the file. */
  readonly doc?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Removes the prefix that marks a name as state, input or output. */
const stripPrefix = (name: string): string =>
  name.replace(new RegExp(`^(${[NAME_PREFIXES.state, NAME_PREFIXES.input, NAME_PREFIXES.output].join('|')})`), '');

/** Traces a program with operators of the ONNX standard only. Its state is an input of the model. */
async function tracePortable(program: Program): Promise<ModelProto> {
  const { proto, updated } = await traceProgram(program, { portable: true });
  const foreign = proto.nodes.find(({ domain }) => domain !== '');
  if (foreign) {
    throw new MedbenchError('backend', `${program.name} needs the operator ${foreign.op} of ${foreign.domain}`, {
      hint: 'It is not in the ONNX standard, so other runtimes lack it: please report the program as an issue.',
    });
  }
  if (updated.length > 0)
    throw new MedbenchError(
      'backend',
      `${program.name} changes its state, but a standalone ONNX file cannot keep state`,
    );
  return proto;
}

/** Turns the state into constants of the model, and removes the prefixes of all names. */
function bakeState(model: ModelProto, weights: HostTensors): ModelProto {
  const bakedModel = bake(model, NAME_PREFIXES.state, weights);
  const renamed = <T extends { readonly name: string }>(value: T): T => ({ ...value, name: stripPrefix(value.name) });
  return {
    ...bakedModel,
    nodes: bakedModel.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(stripPrefix),
      outputs: node.outputs.map(stripPrefix),
    })),
    initializers: bakedModel.initializers.map(renamed),
    inputs: bakedModel.inputs.map(renamed),
    outputs: bakedModel.outputs.map(renamed),
  };
}

/**
 * Writes a program that does not change its state as a self-contained ONNX file. The state is baked in as initializers.
 * State, inputs and outputs keep their names. Only operators of the ONNX standard are used (opset 20). Without `batch`,
 * the first dimension of inputs and outputs is free and is named `batch`.
 * @param makeProgram returns the program for a batch size. The program has one input.
 * @param weights the state of the program.
 * @throws MedbenchError('usage') if the file would be larger than 2 GiB; ('backend') if the program cannot be traced,
 *   or if more than its shapes depends on the batch size.
 */
export async function standaloneOnnx(
  makeProgram: (batch: number) => Program,
  weights: HostTensors,
  { batch, doc, metadata }: StandaloneOptions = {},
): Promise<Uint8Array> {
  const bytes = Object.values(weights).reduce((sum, { data }) => sum + data.byteLength, 0);
  const { name, inputs } = makeProgram(1);
  if (bytes > LARGEST_FILE) {
    throw new MedbenchError(
      'usage',
      `The weights of ${name} take ${(bytes / 2 ** 30).toFixed(2)} GiB; an ONNX file holds 2 GiB`,
      { hint: 'Write them as safetensors: --format safetensors.' },
    );
  }
  const [input] = Object.keys(inputs) as [string];
  let model: ModelProto;
  if (batch !== undefined) model = await tracePortable(makeProgram(batch));
  else {
    const traces = [];
    for (const size of TRACED_BATCHES) traces.push({ batch: size, model: await tracePortable(makeProgram(size)) });
    model = withFreeBatch(name, traces, NAME_PREFIXES.input + input);
  }
  return encodeModel({
    ...bakeState(model, weights),
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
