import { elementCount, type HostTensors, MedbenchError, type ParameterSpec, type TensorMap } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { decays } from './adamw.js';

/** Parameters of up to this many numbers are packed; larger ones gain nothing and would only be copied. */
const LARGEST_PACKED = 65_536;

/** What the optimizer updates at once: one large parameter, or many small ones end to end in one vector. */
export interface ParameterGroup {
  readonly name: string;
  readonly shape: readonly number[];
  readonly decay: boolean;
  readonly members: readonly ParameterSpec[];
}

/**
 * A layout of parameters for the optimizer. A model has dozens of small arrays, and a backend pays for every operation: as
 * two vectors, those that decay and those that do not, they cost as much as two.
 */
export interface Packing {
  readonly groups: readonly ParameterGroup[];
  /** Values by parameter to values by group. @throws MedbenchError('weights') if one is missing. */
  pack(parameters: HostTensors): HostTensors;
  /** Values by group to values by parameter. */
  unpack(groups: HostTensors): HostTensors;
  /** The same within a step: gradients taken by the groups pass through. */
  unpackTensors(groups: TensorMap): Record<string, tf.Tensor>;
}

/** Groups parameters. @param alone names that keep a group of their own, such as one that is clamped. */
export function packParameters(specs: readonly ParameterSpec[], alone: readonly string[] = []): Packing {
  const single = (spec: ParameterSpec): boolean =>
    elementCount(spec.shape) > LARGEST_PACKED || alone.includes(spec.name);
  const groups: ParameterGroup[] = specs
    .filter(single)
    .map((spec) => ({ name: spec.name, shape: spec.shape, decay: decays(spec.name, spec.shape), members: [spec] }));
  for (const decay of [true, false]) {
    const members = specs.filter((spec) => !single(spec) && decays(spec.name, spec.shape) === decay);
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
        let at = 0;
        for (const member of members) {
          const values = parameters[member.name];
          if (!values) throw new MedbenchError('weights', `The parameter ${member.name} has no value`);
          data.set(values.data, at);
          at += values.data.length;
        }
        packed[name] = { shape, dtype: 'float32', data };
      }
      return packed;
    },
    unpack(packed) {
      const parameters: HostTensors = {};
      for (const { name, members } of groups) {
        let at = 0;
        for (const { name: member, shape } of members) {
          const size = elementCount(shape);
          parameters[member] = { shape, dtype: 'float32', data: packed[name]!.data.slice(at, at + size) };
          at += size;
        }
      }
      return parameters;
    },
    unpackTensors(packed) {
      const parameters: Record<string, tf.Tensor> = {};
      for (const { name, members } of groups) {
        const whole = packed[name]!;
        const parts =
          members.length === 1
            ? [whole]
            : tf.split(
                whole as tf.Tensor1D,
                members.map(({ shape }) => elementCount(shape)),
                0,
              );
        for (const [i, { name: member, shape }] of members.entries()) {
          parameters[member] = tf.reshape(parts[i]!, [...shape]);
        }
      }
      return parameters;
    },
  };
}
