/** Options of one compilation. */
export interface CompileOptions {
  /** XLA's debug options for this compilation, such as `xla_gpu_deterministic_ops`. The compiler refuses unknown ones. */
  readonly flags?: Readonly<Record<string, string | number | boolean>>;
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

/**
 * Writes a `CompileOptionsProto` (field 3 `executable_build_options` with `num_replicas` 4 and `num_partitions` 5, field
 * 7 `env_option_overrides`) for one device.
 */
export function encodeCompileOptions({ flags = {} }: CompileOptions = {}): Buffer {
  const build = [...numberField(4, 1), ...numberField(5, 1)];
  return Buffer.from([
    ...bytesField(3, build),
    ...Object.entries(flags).flatMap(([name, value]) => override(name, value)),
  ]);
}
