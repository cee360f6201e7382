import { elementCount, type HostTensors, MedbenchError, type ParameterSpec, type TensorMap } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { decays } from './adamw.js';

/** Largest number of elements of a packed parameter. Packing a larger one would cost a copy and save nothing. */
const MAX_PACKED_ELEMENTS = 65_536;

/**
 * A tensor that the optimizer updates at once: one large parameter, or many small ones concatenated into one vector.
 */
export interface ParameterGroup {
  readonly name: string;
  readonly shape: readonly number[];
  readonly decay: boolean;
  readonly members: readonly ParameterSpec[];
}

/**
 * A layout of parameters for the optimizer. A model has dozens of small arrays, and every operation has a fixed cost.
 * Packed into two vectors, one that decays and one that does not, they cost only as much as two arrays.
 */
export interface Packing {
  readonly groups: readonly ParameterGroup[];
  /** Converts values by parameter to values by group. @throws MedbenchError('weights') if a parameter has no value. */
  pack(parameters: HostTensors): HostTensors;
  /** Converts values by group to values by parameter. */
  unpack(groups: HostTensors): HostTensors;
  /** `unpack` within a step, on tensors. It is differentiable, so gradients can be taken by the groups. */
  unpackTensors(groups: TensorMap): Record<string, tf.Tensor>;
}

/**
 * Groups parameters.
 * @param separate names that get a separate group, for example a parameter that is clamped.
 * @param isDecayed whether a parameter decays.
 */
export function packParameters(
  specs: readonly ParameterSpec[],
  separate: readonly string[] = [],
  isDecayed: typeof decays = decays,
): Packing {
  const isSeparate = (spec: ParameterSpec): boolean =>
    elementCount(spec.shape) > MAX_PACKED_ELEMENTS || separate.includes(spec.name);
  const groups: ParameterGroup[] = specs
    .filter(isSeparate)
    .map((spec) => ({ name: spec.name, shape: spec.shape, decay: isDecayed(spec.name, spec.shape), members: [spec] }));
  for (const decay of [true, false]) {
    const members = specs.filter((spec) => !isSeparate(spec) && isDecayed(spec.name, spec.shape) === decay);
    if (members.length === 0) continue;
    const size = members.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    groups.push({ name: decay ? 'packed-matrices' : 'packed-vectors', shape: [size], decay, members });
  }
  return {
    groups,
    pack(parameters) {
      const packed: HostTensors = {};
      for (const { name, shape, members } of groups) {
        const data = new Float32Array(elementCount(shape));
        let offset = 0;
        for (const member of members) {
          const values = parameters[member.name];
          if (!values) throw new MedbenchError('weights', `The parameter ${member.name} has no value`);
          data.set(values.data, offset);
          offset += values.data.length;
        }
        packed[name] = { shape, dtype: 'float32', data };
      }
      return packed;
    },
    unpack(packed) {
      const parameters: HostTensors = {};
      for (const { name, members } of groups) {
        let offset = 0;
        for (const { name: member, shape } of members) {
          const size = elementCount(shape);
          parameters[member] = { shape, dtype: 'float32', data: packed[name]!.data.slice(offset, offset + size) };
          offset += size;
        }
      }
      return parameters;
    },
    unpackTensors(packed) {
      const parameters: Record<string, tf.Tensor> = {};
      for (const { name, members } of groups) {
        const group = packed[name]!;
        const tensors =
          members.length === 1
            ? [group]
            : tf.split(
                group as tf.Tensor1D,
                members.map(({ shape }) => elementCount(shape)),
                0,
              );
        for (const [i, { name: member, shape }] of members.entries()) {
          parameters[member] = tf.reshape(tensors[i]!, [...shape]);
        }
      }
      return parameters;
    },
  };
}
