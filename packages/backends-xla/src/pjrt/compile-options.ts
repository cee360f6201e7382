import { Struct } from './struct.js';

/** Options of one compilation. */
export interface CompileOptions {
  /** XLA's debug options for this compilation, such as `xla_gpu_deterministic_ops`. The compiler refuses unknown ones. */
  readonly flags?: Readonly<Record<string, string | number | boolean>>;
  /**
   * Numbers of the devices (`Client.deviceIds`) that the program is divided over, by the shardings that it has in the
   * notation of Shardy. By default the first device runs it whole.
   */
  readonly devices?: readonly number[] | undefined;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}
const numberField = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)];
const bytesField = (field: number, value: readonly number[]): number[] => [
  ...varint((field << 3) | 2),
  ...varint(value.length),
  ...value,
];
const textField = (field: number, text: string): number[] => bytesField(field, [...Buffer.from(text)]);

/** One entry of `env_option_overrides`: a name, and a value of type string, bool or int64. */
function override(name: string, value: string | number | boolean): number[] {
  const written =
    typeof value === 'string'
      ? textField(1, value)
      : typeof value === 'boolean'
        ? numberField(2, value ? 1 : 0)
        : numberField(3, value);
  return bytesField(7, [...textField(1, name), ...bytesField(2, written)]);
}

/** A `DeviceAssignmentProto` of one replica: `replica_count` 1, `computation_count` 2, and a device for each partition. */
const assignment = (devices: readonly number[]): number[] => [
  ...numberField(1, 1),
  ...numberField(2, devices.length),
  ...devices.flatMap((id) => bytesField(3, bytesField(1, varint(id)))),
];

/**
 * Writes a `CompileOptionsProto` (field 3 `executable_build_options`, field 7 `env_option_overrides`). The fields of the
 * former are `num_replicas` 4 and `num_partitions` 5, and for several devices `use_spmd_partitioning` 6,
 * `device_assignment` 9 and `use_shardy_partitioner` 19.
 */
export function encodeCompileOptions({ flags = {}, devices }: CompileOptions = {}): Buffer {
  const several = devices !== undefined && devices.length > 1;
  const build = [
    ...numberField(4, 1),
    ...numberField(5, several ? devices.length : 1),
    ...(several ? [...numberField(6, 1), ...bytesField(9, assignment(devices)), ...numberField(19, 1)] : []),
  ];
  return Buffer.from([
    ...bytesField(3, build),
    ...Object.entries(flags).flatMap(([name, value]) => override(name, value)),
  ]);
}

/** The fields of a call that compiles StableHLO text. */
export function compilation(text: string, options: CompileOptions) {
  const code = Buffer.from(text);
  const format = Buffer.from('mlir');
  const program = new Struct('Program', { code, codeSize: code.length, format, formatSize: format.length });
  const encoded = encodeCompileOptions(options);
  return { program, options: encoded, optionsSize: encoded.length };
}
