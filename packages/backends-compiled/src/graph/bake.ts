import type { HostTensors } from '@medbench/core';
import type { ModelProto, TensorProto } from './protobuf.js';

/**
 * A model with some of its inputs built in: ONNX Runtime lays out constant matrices once for its products, and needs not be
 * given them again.
 * @param prefix of the names of those inputs. @param values by the rest of their names; used where they lie.
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
