import type { HostTensors } from '@medbench/core';
import type { ModelProto, TensorProto } from './protobuf.js';

/**
 * Turns some inputs of a model into constants. ONNX Runtime then lays out constant matrices for its products only once,
 * and they are not passed at every run.
 * @param prefix prefix of the names of those inputs.
 * @param values tensors, keyed by the input names without the prefix. They are not copied.
 */
export function bake(model: ModelProto, prefix: string, values: HostTensors): ModelProto {
  const fixed: TensorProto[] = model.inputs
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name }) => {
      const { shape, dtype, data } = values[name.slice(prefix.length)]!;
      return { name, shape, dtype, raw: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
    });
  return {
    ...model,
    initializers: [...model.initializers, ...fixed],
    inputs: model.inputs.filter(({ name }) => !name.startsWith(prefix)),
  };
}
