import {
  elementCount,
  type HostTensors,
  type ParameterSpec,
  type TensorMap,
  type TensorSpec,
  type TrainingSettings,
} from '@medbench/core';
import { decays, historicDecays, type Packing, packParameters } from '@medbench/nn';
import type * as tf from '@tensorflow/tfjs-core';

/** Prefixes in a step's state. Frozen parameters and buffers are stored by parameter, the rest by optimizer group. */
export const SPACE = {
  frozen: 'frozen/',
  buffer: 'buffer/',
  trained: 'trained/',
  firstMoment: 'moment1/',
  secondMoment: 'moment2/',
  /** EMA teacher of the trained parameters. */
  teacher: 'teacher/',
  /** Gradients, summed over the chunks of a batch. */
  gradient: 'gradient/',
} as const;
/** State entry that counts the steps done. */
export const STEP = 'step';
/** Parameter with the logarithm of the towers' logit scale. */
export const LOG_SCALE = 'logit_scale';
/** Whether a parameter is the logarithm of a scale, the towers' or an objective's. It is clamped after each step. */
export const isLogScale = (name: string): boolean => name.split(/[./]/).at(-1) === LOG_SCALE;

/** Selects the entries whose names begin with a prefix, and strips it. */
export function stripPrefix<T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> {
  const entries = Object.entries(values).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** Adds a prefix to the entries' names. */
export const addPrefix = <T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));

/** Zeros in the shapes of the optimizer's groups. */
export const zeroGroups = ({ groups }: Packing): HostTensors =>
  Object.fromEntries(
    groups.map(({ name, shape }) => [name, { shape, dtype: 'float32', data: new Float32Array(elementCount(shape)) }]),
  );

export const floatSpec = (shape: readonly number[]): TensorSpec => ({ shape, dtype: 'float32' });

export interface LayoutOptions {
  readonly parameters: readonly ParameterSpec[];
  /** Names of the parameters that are not trained. */
  readonly frozen: ReadonlySet<string>;
  /** Momentum of the EMA teacher; null if there is none. */
  readonly momentum: number | null;
  readonly decay?: TrainingSettings['decay'];
}

/** How parameters are laid out in the state of their training. */
export interface StateLayout {
  readonly frozen: ReadonlySet<string>;
  readonly trained: readonly ParameterSpec[];
  readonly packing: Packing;
  /** Momentum of the EMA teacher; null if there is none. */
  readonly momentum: number | null;
  /** Specs of all entries but the summed gradients. */
  readonly state: Readonly<Record<string, TensorSpec>>;
  /** Builds the state before the first step from parameter values. */
  initialState(parameters: HostTensors): HostTensors;
  /** Extracts the parameters from a state. */
  parametersOf(state: HostTensors): HostTensors;
  /** The parameters as a step sees them. `groups` replace the trained groups of the state. */
  values(current: TensorMap, groups?: TensorMap): TensorMap;
  /** The EMA teacher's parameters, likewise; undefined if there is none. */
  teacher(current: TensorMap): TensorMap | undefined;
}

export function stateLayout({ parameters, frozen, momentum, decay }: LayoutOptions): StateLayout {
  const buffers = parameters.filter((spec) => spec.buffer);
  const frozenSpecs = parameters.filter((spec) => !spec.buffer && frozen.has(spec.name));
  const trained = parameters.filter((spec) => !spec.buffer && !frozen.has(spec.name));
  const ungrouped = trained.map(({ name }) => name).filter(isLogScale);
  const packing = packParameters(trained, ungrouped, decay === 'historic' ? historicDecays : decays);
  const groupSpaces = [
    SPACE.trained,
    SPACE.firstMoment,
    SPACE.secondMoment,
    ...(momentum === null ? [] : [SPACE.teacher]),
  ];
  const state: Record<string, TensorSpec> = { [STEP]: floatSpec([]) };
  for (const spec of frozenSpecs) state[SPACE.frozen + spec.name] = floatSpec(spec.shape);
  for (const spec of buffers) state[SPACE.buffer + spec.name] = floatSpec(spec.shape);
  for (const { name, shape } of packing.groups) for (const space of groupSpaces) state[space + name] = floatSpec(shape);
  const frozenAndBuffers = (current: TensorMap): Record<string, tf.Tensor> => ({
    ...stripPrefix(SPACE.frozen, current),
    ...stripPrefix(SPACE.buffer, current),
  });
  return {
    frozen,
    trained,
    packing,
    momentum,
    state,
    initialState(values) {
      const pick = (specs: readonly ParameterSpec[]): HostTensors =>
        Object.fromEntries(specs.map((spec) => [spec.name, values[spec.name]!]));
      const packed = packing.pack(values);
      return {
        [STEP]: { shape: [], dtype: 'float32', data: new Float32Array(1) },
        ...addPrefix(SPACE.frozen, pick(frozenSpecs)),
        ...addPrefix(SPACE.buffer, pick(buffers)),
        ...addPrefix(SPACE.trained, packed),
        ...addPrefix(SPACE.firstMoment, zeroGroups(packing)),
        ...addPrefix(SPACE.secondMoment, zeroGroups(packing)),
        ...(momentum === null ? {} : addPrefix(SPACE.teacher, packing.pack(values))),
      };
    },
    parametersOf: (values) => ({
      ...stripPrefix(SPACE.frozen, values),
      ...stripPrefix(SPACE.buffer, values),
      ...packing.unpack(stripPrefix(SPACE.trained, values)),
    }),
    values: (current, groups = stripPrefix(SPACE.trained, current)) => ({
      ...frozenAndBuffers(current),
      ...packing.unpackTensors(groups),
    }),
    teacher: (current) =>
      momentum === null
        ? undefined
        : { ...frozenAndBuffers(current), ...packing.unpackTensors(stripPrefix(SPACE.teacher, current)) },
  };
}
