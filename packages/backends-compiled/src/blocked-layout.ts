import { Builder } from './graph/builder.js';
import { emit } from './graph/emit.js';
import { BLOCKED } from './graph/protobuf.js';
import { loadRuntime, sessionOptions } from './runtime.js';

let answer: Promise<boolean> | undefined;

/**
 * Whether ONNX Runtime has its layout in blocks of channels on this processor. It is asked to load a graph of one node,
 * once in a process.
 */
export function hasBlockedLayout(): Promise<boolean> {
  answer ??= tryBlocks().catch(() => false);
  return answer;
}

async function tryBlocks(): Promise<boolean> {
  const builder = new Builder();
  const x = builder.input('input/x', { shape: [1, 1, 1, 16], dtype: 'float32' });
  const like = { shape: [1, 16, 1, 1], dtype: 'float32' } as const;
  const blocks = builder.graph.node('ReorderInput', [x], like, { channels_last: 1 }, BLOCKED);
  const { model } = emit(builder.graph, { 'output/y': blocks });
  const session = await (await loadRuntime()).InferenceSession.create(model, sessionOptions('cpu', 1));
  await session.release();
  return true;
}
