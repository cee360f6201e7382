import { type BakedConstant, NAME_PREFIXES, type TraceBuilder } from '@medbench/backend-trace';
import { elementCount, type HostTensor, hashBytes, type Precision, type TensorSpec } from '@medbench/core';
import { isDivided, meshText, shardingText } from './sharding.js';
import {
  type ElementType,
  elementsText,
  elementText,
  type HloType,
  type HloValue,
  sameShape,
  typeText,
} from './value.js';

/** An operation that combines two values of a reduction. */
export type Reducer = 'add' | 'multiply' | 'maximum' | 'minimum' | 'and' | 'or';

/** Attention as products and a softmax, or as calls of cuDNN, which keeps nothing as large as the logits. */
export type Attention = 'composed' | 'cudnn';

/** Axes of a general matrix product, on the left and on the right. */
type AxisPair = readonly [left: readonly number[], right: readonly number[]];

/** Sizes of a window that moves over the axes of a value, or over the spatial axes of a convolution. */
export interface Window {
  readonly stride: readonly number[];
  /** Elements added before and after each axis; negative to leave out. */
  readonly pad: readonly (readonly [before: number, after: number])[];
  /** Distance at which the elements of the operand stand; zeros are between them. */
  readonly operandDilation?: readonly number[];
  /** Distance at which the elements of the window stand. */
  readonly windowDilation?: readonly number[];
}

const LARGEST_INT = 2 ** 31 - 1;

/** The value that changes nothing in a reduction. */
function neutral(reducer: Reducer, dtype: ElementType): number {
  switch (reducer) {
    case 'add':
    case 'or':
      return 0;
    case 'multiply':
    case 'and':
      return 1;
    case 'maximum':
      return dtype === 'int32' ? -LARGEST_INT - 1 : Number.NEGATIVE_INFINITY;
    case 'minimum':
      return dtype === 'int32' ? LARGEST_INT : Number.POSITIVE_INFINITY;
  }
}

/** Operations that lose too much in bfloat16. */
const FULL_ONLY: ReadonlySet<string> = new Set([
  ...['exponential', 'exponential_minus_one', 'log', 'log_plus_one', 'rsqrt', 'sqrt', 'cosine', 'sine', 'tan'],
  'power',
]);

const list = (values: readonly number[]): string => `[${values.join(', ')}]`;
const array = (values: readonly number[]): string => `array<i64: ${values.join(', ')}>`;
const pairs = (pad: Window['pad']): string => `[${pad.map((pair) => list(pair)).join(', ')}]`;

/**
 * Makes the values of one program and writes them as StableHLO, one operation a line. Equal operations on equal values
 * are one value, so a gradient that repeats a part of the forward pass costs nothing. There are no other rewritings:
 * XLA has them.
 *
 * With the precision `bfloat16`, products of which one operand is a weight, or comes of such a product, are computed in
 * bfloat16. Elementwise operations follow their operands; where float32 and bfloat16 meet, float32 wins, but for biases and
 * constants. Sums, norms, exponentials, the state and the outputs are float32, and so is whatever only float32 flows into:
 * normalised embeddings, the loss, the optimizer.
 */
export class HloBuilder implements TraceBuilder<HloValue> {
  readonly #lines: string[] = [];
  readonly #known = new Map<string, readonly HloValue[]>();
  readonly #inputs: (HloValue & { readonly name: string })[] = [];
  readonly #used = new Set<string>();
  readonly #constants: BakedConstant[] = [];
  #tracedBytes = 0;

  constructor(
    private readonly precision: Precision = 'float32',
    /** How attention is written where both forms are possible. */
    readonly attention: Attention = 'composed',
  ) {}

  input(name: string, { shape, dtype }: TensorSpec): HloValue {
    const weight = name.startsWith(NAME_PREFIXES.state) && shape.length > 0;
    const value = { name, id: `%arg${this.#inputs.length}`, shape: [...shape], dtype, weight };
    this.#inputs.push(value);
    return value;
  }

  constant(data: HostTensor['data'], spec: TensorSpec): HloValue {
    const { shape, dtype } = spec;
    const digest = hashBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#constants.push({ shape, dtype, digest });
    const [first] = data;
    if (first !== undefined && data.every((one) => Object.is(one, first))) return this.splat(first, spec);
    return this.#operation(`stablehlo.constant dense<${elementsText(data, spec)}>`, [], spec, typeText(spec));
  }

  /** A constant whose elements are all equal. */
  splat(value: number, { shape, dtype, low = false }: HloType): HloValue {
    const spec = { shape, dtype, low };
    const text = `stablehlo.constant dense<${elementText(value, spec)}>`;
    return this.#operation(text, [], { ...spec, splat: value }, typeText(spec));
  }

  scalar = (value: number, dtype: ElementType): HloValue => this.splat(value, { shape: [], dtype });

  /** The value in float32, if it is bfloat16. */
  full = (x: HloValue): HloValue =>
    x.low ? this.#mapping(`stablehlo.convert ${x.id}`, [x], { shape: x.shape, dtype: x.dtype }) : x;

  /** The value in bfloat16, if it is float32. */
  lowered(x: HloValue): HloValue {
    if (x.low || x.dtype !== 'float32') return x;
    if (x.splat !== undefined) return this.splat(x.splat, { shape: x.shape, dtype: x.dtype, low: true });
    return this.#mapping(`stablehlo.convert ${x.id}`, [x], { shape: x.shape, dtype: x.dtype, low: true });
  }

  /** Values of one element type: bfloat16 if all others are constants or biases, else float32. */
  #unified(values: readonly HloValue[]): HloValue[] {
    if (!values.some(({ low }) => low)) return [...values];
    const follows = (x: HloValue): boolean =>
      x.low || x.dtype !== 'float32' || x.splat !== undefined || (x.weight === true && isVector(x));
    return values.every(follows) ? values.map((x) => this.lowered(x)) : values.map(this.full);
  }

  /** Whether a product of this value is computed in bfloat16. */
  lowers = (x: HloValue): boolean => this.precision === 'bfloat16' && (x.low === true || x.weight === true);

  /** The operands of a product, in the arithmetic of the precision. */
  #factors(a: HloValue, b: HloValue): [HloValue, HloValue] {
    const floats = a.dtype === 'float32' && b.dtype === 'float32';
    if (floats && (this.lowers(a) || this.lowers(b))) return [this.lowered(a), this.lowered(b)];
    return [this.full(a), this.full(b)];
  }

  /** Whether products of these operands ask for full float32, which GPUs otherwise round to TF32. */
  #isExact = (x: HloValue): boolean => this.precision !== 'tf32' && !x.low;

  /** Positions along an axis. */
  iota(axis: number, shape: readonly number[]): HloValue {
    const spec = { shape, dtype: 'int32' } as const;
    return this.#operation(`stablehlo.iota dim = ${axis}`, [], spec, typeText(spec));
  }

  /** Converts to another element type: floats to integers towards zero, everything but zero to true. */
  convert(x: HloValue, dtype: ElementType): HloValue {
    if (x.dtype === dtype) return x;
    if (dtype === 'bool') return this.compare('NE', x, this.scalar(0, x.dtype));
    return this.#mapping(`stablehlo.convert ${x.id}`, [x], { shape: x.shape, dtype });
  }

  reshape(x: HloValue, shape: readonly number[]): HloValue {
    if (sameShape(x.shape, shape)) return x;
    return this.#mapping(`stablehlo.reshape ${x.id}`, [x], { ...view(x), shape: [...shape] });
  }

  /** Repeats a value to a shape. @param axes for each axis of `x`, the axis of the result; by default the last ones. */
  broadcast(x: HloValue, shape: readonly number[], axes?: readonly number[]): HloValue {
    if (sameShape(x.shape, shape)) return x;
    const along = axes ?? x.shape.map((_, i) => shape.length - x.shape.length + i);
    const spec = { ...plain(x), shape };
    return this.#mapping(`stablehlo.broadcast_in_dim ${x.id}, dims = ${list(along)}`, [x], spec);
  }

  transpose(x: HloValue, perm: readonly number[]): HloValue {
    if (perm.every((axis, i) => axis === i)) return x;
    const spec = { ...view(x), shape: perm.map((axis) => x.shape[axis]!) };
    return this.#mapping(`stablehlo.transpose ${x.id}, dims = ${list(perm)}`, [x], spec);
  }

  /** Applies an operation of StableHLO, such as `stablehlo.tanh`, to each element. */
  unary(operation: string, operand: HloValue): HloValue {
    const x =
      operation.startsWith('chlo.') || FULL_ONLY.has(operation.replace('stablehlo.', ''))
        ? this.full(operand)
        : operand;
    // Operations of chlo write the type of their operand and of their result.
    const signature = operation.startsWith('chlo.') ? `${typeText(x)} -> ${typeText(x)}` : typeText(x);
    return this.#operation(`${operation} ${x.id}`, [x], plain(x), signature);
  }

  /** Whether each element is neither infinite nor NaN. */
  isFinite(x: HloValue): HloValue {
    return this.#mapping(`stablehlo.is_finite ${x.id}`, [x], { shape: x.shape, dtype: 'bool' });
  }

  /** Applies an operation of StableHLO to pairs of elements, with broadcasting. */
  binary(operation: string, a: HloValue, b: HloValue): HloValue {
    const operands = FULL_ONLY.has(operation) ? [a, b].map(this.full) : [a, b];
    const [x, y] = this.#broadcastAll(operands) as [HloValue, HloValue];
    return this.#operation(`stablehlo.${operation} ${x.id}, ${y.id}`, [x, y], plain(x), typeText(x));
  }

  add = (a: HloValue, b: HloValue): HloValue => this.binary('add', a, b);
  sub = (a: HloValue, b: HloValue): HloValue => this.binary('subtract', a, b);
  mul = (a: HloValue, b: HloValue): HloValue => this.binary('multiply', a, b);
  div = (a: HloValue, b: HloValue): HloValue => this.binary('divide', a, b);
  max = (a: HloValue, b: HloValue): HloValue => this.binary('maximum', a, b);
  min = (a: HloValue, b: HloValue): HloValue => this.binary('minimum', a, b);
  /** Multiplies by a number. */
  scale = (x: HloValue, factor: number): HloValue => this.mul(x, this.scalar(factor, x.dtype));

  /** Compares pairs of elements, with broadcasting: EQ, NE, GE, GT, LE, LT. */
  compare(direction: string, a: HloValue, b: HloValue): HloValue {
    const [x, y] = this.#broadcastAll([a, b]) as [HloValue, HloValue];
    const kind = { float32: 'FLOAT', int32: 'SIGNED', bool: 'UNSIGNED' }[x.dtype];
    const spec = { shape: x.shape, dtype: 'bool' } as const;
    return this.#mapping(`stablehlo.compare ${direction}, ${x.id}, ${y.id}, ${kind}`, [x, y], spec);
  }

  /** `condition ? a : b` for each element, with broadcasting. */
  select(condition: HloValue, a: HloValue, b: HloValue): HloValue {
    const [c, x, y] = this.#broadcastAll([condition, a, b]) as [HloValue, HloValue, HloValue];
    const signature = `${typeText(c)}, ${typeText(x)}`;
    return this.#operation(`stablehlo.select ${c.id}, ${x.id}, ${y.id}`, [c, x, y], plain(x), signature);
  }

  /** Reduces along axes. */
  reduce(reducer: Reducer, operand: HloValue, axes: readonly number[], keepDims = false): HloValue {
    const x = this.full(operand);
    const kept = x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
    const shape = x.shape.filter((_, axis) => !axes.includes(axis));
    if (axes.every((axis) => x.shape[axis] === 1)) return this.reshape(x, keepDims ? kept : shape);
    const start = this.scalar(neutral(reducer, x.dtype), x.dtype);
    const reduced = this.#mapping(
      `stablehlo.reduce(${x.id} init: ${start.id}) applies stablehlo.${reducer} across dimensions = ${list(axes)}`,
      [x, start],
      { shape, dtype: x.dtype },
    );
    return keepDims ? this.reshape(reduced, kept) : reduced;
  }

  /**
   * Position along an axis of the largest element (`GT`) or the smallest (`LT`), of equal ones the first.
   */
  extreme(direction: 'GT' | 'LT', operand: HloValue, axis: number): HloValue {
    const x = this.full(operand);
    const shape = x.shape.filter((_, i) => i !== axis);
    const positions = this.iota(axis, x.shape);
    const start = this.scalar(neutral(direction === 'GT' ? 'maximum' : 'minimum', x.dtype), x.dtype);
    const zero = this.scalar(0, 'int32');
    const type = typeText({ shape: [], dtype: x.dtype });
    const kind = x.dtype === 'float32' ? 'FLOAT' : 'SIGNED';
    const lines = [
      `({^bb0(%a: ${type}, %i: tensor<i32>, %b: ${type}, %j: tensor<i32>):`,
      `  %further = stablehlo.compare ${direction}, %a, %b, ${kind} : (${type}, ${type}) -> tensor<i1>`,
      `  %equal = stablehlo.compare EQ, %a, %b, ${kind} : (${type}, ${type}) -> tensor<i1>`,
      '  %before = stablehlo.compare LT, %i, %j, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>',
      '  %first = stablehlo.and %equal, %before : tensor<i1>',
      '  %pick = stablehlo.or %further, %first : tensor<i1>',
      `  %value = stablehlo.select %pick, %a, %b : tensor<i1>, ${type}`,
      '  %position = stablehlo.select %pick, %i, %j : tensor<i1>, tensor<i32>',
      `  stablehlo.return %value, %position : ${type}, tensor<i32>`,
      '})',
    ];
    const results = [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int32' },
    ] as const;
    return this.#emit(
      `"stablehlo.reduce"(${x.id}, ${positions.id}, ${start.id}, ${zero.id}) ${lines.join('\n')} {dimensions = ${array([axis])}}`,
      [x, positions, start, zero],
      results,
      `(${typeText(x)}, ${typeText(positions)}, ${type}, tensor<i32>) -> (${results.map(typeText).join(', ')})`,
    )[1]!;
  }

  /** The `k` largest elements along the last axis, in descending order, and their positions. */
  topK(operand: HloValue, k: number): readonly HloValue[] {
    const x = this.full(operand);
    const shape = [...x.shape.slice(0, -1), k];
    const results = [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int32' },
    ] as const;
    const signature = `${typeText(x)} -> (${results.map(typeText).join(', ')})`;
    return this.#emit(`chlo.top_k(${x.id}, k = ${k})`, [x], results, signature);
  }

  /** A general matrix product: the batch axes of both, then the rest of `a`, then the rest of `b`. */
  dot(left: HloValue, right: HloValue, axes: { readonly batch?: AxisPair; readonly contract: AxisPair }): HloValue {
    const { batch = [[], []], contract } = axes;
    const [a, b] = this.#factors(left, right);
    const exact = this.#isExact(a) ? ', precision = [HIGHEST, HIGHEST]' : '';
    const rest = (x: HloValue, side: 0 | 1): number[] =>
      x.shape.filter((_, axis) => !batch[side].includes(axis) && !contract[side].includes(axis));
    const shape = [...batch[0].map((axis) => a.shape[axis]!), ...rest(a, 0), ...rest(b, 1)];
    const both = ([p, q]: AxisPair): string => `${list(p)} x ${list(q)}`;
    const batching = batch[0].length > 0 ? `batching_dims = ${both(batch)}, ` : '';
    return this.#mapping(
      `stablehlo.dot_general ${a.id}, ${b.id}, ${batching}contracting_dims = ${both(contract)}${exact}`,
      [a, b],
      { ...plain(a), shape },
    );
  }

  /** The elements `begin, begin + step, …` along each axis. */
  slice(x: HloValue, begin: readonly number[], size: readonly number[], step?: readonly number[]): HloValue {
    const stride = (axis: number): number => step?.[axis] ?? 1;
    if (sameShape(x.shape, size) && size.every((_, axis) => stride(axis) === 1)) return x;
    const ranges = begin.map((from, axis) => {
      const end = size[axis] === 0 ? from : from + (size[axis]! - 1) * stride(axis) + 1;
      return stride(axis) === 1 ? `${from}:${end}` : `${from}:${end}:${stride(axis)}`;
    });
    return this.#mapping(`stablehlo.slice ${x.id} [${ranges.join(', ')}]`, [x], { ...view(x), shape: [...size] });
  }

  reverse(x: HloValue, axes: readonly number[]): HloValue {
    if (axes.length === 0) return x;
    return this.#operation(`stablehlo.reverse ${x.id}, dims = ${list(axes)}`, [x], plain(x), typeText(x));
  }

  concat(values: readonly HloValue[], axis: number): HloValue {
    const parts = this.#unified(values);
    const [first] = parts as [HloValue];
    if (parts.length === 1) return first;
    const side = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    const ids = parts.map(({ id }) => id).join(', ');
    const spec = { ...plain(first), shape: first.shape.with(axis, side) };
    return this.#mapping(`stablehlo.concatenate ${ids}, dim = ${axis}`, parts, spec);
  }

  /** Adds elements of one value around a tensor. */
  pad(x: HloValue, pad: Window['pad'], value: number): HloValue {
    if (pad.every(([before, after]) => before === 0 && after === 0)) return x;
    const fill = this.splat(value, { ...plain(x), shape: [] });
    const shape = x.shape.map((side, axis) => side + pad[axis]![0] + pad[axis]![1]);
    const [low, high] = [0, 1].map((end) => list(pad.map((pair) => pair[end as 0 | 1])));
    const interior = list(pad.map(() => 0));
    return this.#mapping(
      `stablehlo.pad ${x.id}, ${fill.id}, low = ${low}, high = ${high}, interior = ${interior}`,
      [x, fill],
      { ...plain(x), shape },
    );
  }

  /** Takes elements along an axis by indices. Each position of the first `batch` axes has indices of its own. */
  gather(x: HloValue, indices: HloValue, axis: number, batch = 0): HloValue {
    const picked = indices.shape.slice(batch);
    const shape = [...x.shape.slice(0, axis), ...picked, ...x.shape.slice(axis + 1)];
    const batches = Array.from({ length: batch }, (_, i) => i);
    const offsets = [...x.shape.keys()]
      .filter((one) => one !== axis && one >= batch)
      .map((one) => (one < axis ? one : one - 1 + picked.length));
    const sizes = x.shape.map((side, one) => (one === axis || one < batch ? 1 : side));
    const batching =
      batch > 0 ? `operand_batching_dims = ${list(batches)}, start_indices_batching_dims = ${list(batches)}, ` : '';
    return this.#mapping(
      `"stablehlo.gather"(${x.id}, ${indices.id}) <{dimension_numbers = #stablehlo.gather<offset_dims = ${list(offsets)}, ` +
        `collapsed_slice_dims = ${list([axis])}, ${batching}start_index_map = ${list([axis])}, ` +
        `index_vector_dim = ${indices.shape.length}>, slice_sizes = ${array(sizes)}, indices_are_sorted = false}>`,
      [x, indices],
      { ...plain(x), shape },
    );
  }

  /**
   * Adds each row of `updates` `[n, d]` to the row numbered by `ids` `[n]` of a result `[rows, d]`. Rows out of range
   * are ignored.
   */
  scatterAdd(rowsToAdd: HloValue, ids: HloValue, rows: number): HloValue {
    const updates = this.full(rowsToAdd);
    const spec = { shape: [rows, updates.shape[1]!], dtype: updates.dtype };
    const zeros = this.splat(0, spec);
    return this.#mapping(
      `"stablehlo.scatter"(${zeros.id}, ${ids.id}, ${updates.id}) <{scatter_dimension_numbers = #stablehlo.scatter<` +
        'update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, ' +
        `indices_are_sorted = false, unique_indices = false}> (${combine('add', updates.dtype)})`,
      [zeros, ids, updates],
      spec,
    );
  }

  /**
   * A convolution.
   * @param layout axes of operand, filter and result, such as `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]`.
   * @param groups number of groups that the features of the operand, or its batch, are divided into.
   */
  convolution(
    operand: HloValue,
    weights: HloValue,
    layout: string,
    window: Window,
    shape: readonly number[],
    groups: { readonly features?: number; readonly batch?: number } = {},
  ): HloValue {
    const { stride, pad, operandDilation = [1, 1], windowDilation = [1, 1] } = window;
    const [x, filter] = this.#factors(operand, weights);
    const exact = this.#isExact(x)
      ? ', precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]'
      : '';
    return this.#mapping(
      `stablehlo.convolution(${x.id}, ${filter.id}) dim_numbers = ${layout}, window = {stride = ${list(stride)}, ` +
        `pad = ${pairs(pad)}, lhs_dilate = ${list(operandDilation)}, rhs_dilate = ${list(windowDilation)}} ` +
        `{feature_group_count = ${groups.features ?? 1} : i64, batch_group_count = ${groups.batch ?? 1} : i64${exact}}`,
      [x, filter],
      { ...plain(x), shape },
    );
  }

  /** Reduces the elements in each position of a window that moves over all axes. */
  reduceWindow(
    reducer: Reducer,
    operand: HloValue,
    size: readonly number[],
    window: Window,
    shape: readonly number[],
  ): HloValue {
    const x = this.full(operand);
    const start = this.scalar(neutral(reducer, x.dtype), x.dtype);
    const { stride, pad, operandDilation = size.map(() => 1) } = window;
    return this.#mapping(
      `"stablehlo.reduce_window"(${x.id}, ${start.id}) <{window_dimensions = ${array(size)}, window_strides = ${array(stride)}, ` +
        `base_dilations = ${array(operandDilation)}, padding = dense<${pairs(pad)}> : tensor<${pad.length}x2xi64>}> ` +
        `(${combine(reducer, x.dtype)})`,
      [x, start],
      { shape, dtype: x.dtype },
    );
  }

  /** Adds each element of `updates` at the largest element of its window, of equal ones the first. No padding. */
  scatterToLargest(operand: HloValue, added: HloValue, size: readonly number[], stride: readonly number[]): HloValue {
    const [x, updates] = [this.full(operand), this.full(added)];
    const zero = this.scalar(0, x.dtype);
    const type = typeText({ shape: [], dtype: x.dtype });
    const select =
      `{^bb0(%a: ${type}, %b: ${type}):\n  %keep = stablehlo.compare GE, %a, %b, FLOAT : (${type}, ${type}) -> tensor<i1>\n` +
      '  stablehlo.return %keep : tensor<i1>\n}';
    return this.#mapping(
      `"stablehlo.select_and_scatter"(${x.id}, ${updates.id}, ${zero.id}) <{window_dimensions = ${array(size)}, ` +
        `window_strides = ${array(stride)}}> (${select}, ${combine('add', x.dtype)})`,
      [x, updates, zero],
      plain(x),
    );
  }

  /**
   * Calls a function of the plugin, with operands whose elements lie in order.
   * @param config told to the function, as JSON.
   * @param results with the order of their axes in memory, the innermost first, if it is another than usual. The function
   *   also gets room to work, whose size it chooses.
   */
  customCall(
    target: string,
    operands: readonly HloValue[],
    config: unknown,
    results: readonly (HloType & { readonly layout?: readonly number[] })[],
  ): readonly HloValue[] {
    const inOrder = ({ shape }: { readonly shape: readonly number[] }) => shape.map((_, i) => shape.length - 1 - i);
    const layout = (axes: readonly number[]): string =>
      `dense<${axes.length === 1 ? axes[0] : list(axes)}> : tensor<${axes.length}xindex>`;
    const room = { shape: [0], dtype: 'int32' } as const;
    const layouts = [...results.map((one) => one.layout ?? inOrder(one)), inOrder(room)];
    const types = [...results.map(typeText), 'tensor<0xui8>'];
    return this.#emit(
      `"stablehlo.custom_call"(${operands.map(({ id }) => id).join(', ')}) <{call_target_name = "${target}", api_version = 2 : i32, ` +
        `has_side_effect = false, backend_config = "${JSON.stringify(config).replaceAll('"', '\\22')}", ` +
        `operand_layouts = [${operands.map((one) => layout(inOrder(one))).join(', ')}], ` +
        `result_layouts = [${layouts.map(layout).join(', ')}]}>`,
      operands,
      [...results.map(({ shape, dtype, low = false }) => ({ shape, dtype, low })), room],
      `(${operands.map(typeText).join(', ')}) -> (${types.join(', ')})`,
    ).slice(0, results.length);
  }

  /** Number of operations. */
  get operationCount(): number {
    return this.#lines.length;
  }

  /** Number of bytes of all values. */
  get tracedBytes(): number {
    return this.#tracedBytes;
  }

  /** Constants with values from the host, in the order in which they were made. */
  get constants(): readonly BakedConstant[] {
    return this.#constants;
  }

  /**
   * Writes the program. Inputs that nothing uses are left out.
   * @param results outputs of the program, by name.
   * @param inPlace for names of results, the input whose memory they take: the input is donated.
   * @param devices number of devices that divide the rows of the inputs (`isDivided`). State and results are whole on each.
   */
  write(
    name: string,
    results: Readonly<Record<string, HloValue>>,
    inPlace: Readonly<Record<string, string>>,
    devices = 1,
  ): HloModule {
    const outputs = Object.entries(results).map(([output, value]) => [output, this.full(value)] as const);
    const used = this.#inputs.filter(({ id }) => this.#used.has(id) || outputs.some(([, value]) => value.id === id));
    const positions = new Map(outputs.map(([output], i) => [inPlace[output], i]));
    const args = used.map((input) => {
      const position = positions.get(input.name);
      const alias = position === undefined ? '' : `tf.aliasing_output = ${position} : i32`;
      const divided = !input.name.startsWith(NAME_PREFIXES.state) && isDivided(input, devices);
      return `${input.id}: ${typeText(input)}${attributes(alias, shardingText(input, devices, divided))}`;
    });
    const placed = outputs.map(([, value]) => typeText(value) + attributes(shardingText(value, devices, false)));
    const types = outputs.map(([, value]) => typeText(value)).join(', ');
    const ids = outputs.map(([, value]) => value.id).join(', ');
    const text =
      `module @${name.replaceAll(/\W/g, '_')} {\n${meshText(devices)}` +
      `func.func public @main(${args.join(', ')}) -> (${placed.join(', ')}) {\n` +
      `${this.#lines.join('\n')}\nreturn ${ids}${outputs.length > 0 ? ` : ${types}` : ''}\n}\n}\n`;
    return {
      text,
      inputs: used.map((input) => input.name),
      outputs: outputs.map(([output, { shape, dtype }]) => ({ name: output, shape, dtype })),
    };
  }

  /** Values repeated to their common shape. */
  #broadcastAll(operands: readonly HloValue[]): HloValue[] {
    const values = this.#unified(operands);
    const rank = Math.max(...values.map(({ shape }) => shape.length));
    const sides = Array.from({ length: rank }, (_, axis) => {
      const found = values.map(({ shape }) => shape[shape.length - rank + axis] ?? 1);
      return found.find((side) => side !== 1) ?? 1;
    });
    return values.map((value) => this.broadcast(value, sides));
  }

  /** An operation whose signature has the types of its operands and its result. */
  #mapping(text: string, operands: readonly HloValue[], result: Omit<HloValue, 'id'>): HloValue {
    return this.#operation(text, operands, result, `(${operands.map(typeText).join(', ')}) -> ${typeText(result)}`);
  }

  #operation(text: string, operands: readonly HloValue[], result: Omit<HloValue, 'id'>, signature: string): HloValue {
    return this.#emit(text, operands, [result], signature)[0]!;
  }

  #emit(
    text: string,
    operands: readonly HloValue[],
    results: readonly Omit<HloValue, 'id'>[],
    signature: string,
  ): readonly HloValue[] {
    const key = `${text} : ${signature}`;
    const known = this.#known.get(key);
    if (known) return known;
    for (const { id } of operands) this.#used.add(id);
    for (const { shape, dtype } of results) this.#tracedBytes += elementCount(shape) * (dtype === 'bool' ? 1 : 4);
    const id = `%${this.#lines.length}`;
    const [first] = results as [HloValue];
    const values: readonly HloValue[] =
      results.length === 1 ? [{ ...first, id }] : results.map((result, i) => ({ ...result, id: `${id}#${i}` }));
    this.#lines.push(`${id}${results.length === 1 ? '' : `:${results.length}`} = ${key}`);
    this.#known.set(key, values);
    return values;
  }
}

/** Attributes of an argument or a result. */
function attributes(...texts: readonly string[]): string {
  const given = texts.filter(Boolean);
  return given.length > 0 ? ` {${given.join(', ')}}` : '';
}

/** A value's shape and element type, without what is known of its elements. */
const plain = ({ shape, dtype, low = false }: HloValue): HloType => ({ shape, dtype, low });

/** The same for a value with the elements of another: a view of a weight is a weight. */
const view = ({ shape, dtype, low = false, weight = false }: HloValue): HloType & Pick<HloValue, 'weight'> => ({
  shape,
  dtype,
  low,
  weight,
});

/** Whether at most one axis is longer than one. */
const isVector = ({ shape }: HloValue): boolean => shape.filter((side) => side !== 1).length <= 1;

/** A region that combines two elements. */
function combine(reducer: Reducer, dtype: ElementType): string {
  const type = typeText({ shape: [], dtype });
  return `{^bb0(%a: ${type}, %b: ${type}):\n  %c = stablehlo.${reducer} %a, %b : ${type}\n  stablehlo.return %c : ${type}\n}`;
}

/** A program as StableHLO. */
export interface HloModule {
  readonly text: string;
  /** Names of the arguments in order. */
  readonly inputs: readonly string[];
  /** Names, shapes and element types of the results in order. */
  readonly outputs: readonly (TensorSpec & { readonly name: string })[];
}
