/** The domain of ONNX Runtime's operators on blocks of channels (NCHWc). Their values are not in row-major order. */
export const BLOCKED = 'com.microsoft.nchwc';

/**
 * Writes the few messages of `onnx.proto3` that a graph needs as protocol-buffer bytes, and reads the fields of any
 * message (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3; field numbers are those of that file).
 */

const VARINT = 0;
const BYTES = 2;

function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const tag = (field: number, wire: number): Buffer => varint((field << 3) | wire);

/** A field holding an integer, an enumeration or a boolean. */
export const integer = (field: number, value: number | bigint): Buffer =>
  Buffer.concat([tag(field, VARINT), varint(value)]);

/** A field holding raw bytes. */
export const bytes = (field: number, value: Uint8Array): Buffer =>
  Buffer.concat([tag(field, BYTES), varint(value.byteLength), value]);

/** A field holding UTF-8 text. */
export const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value));

/** A field holding a 32-bit float. */
export function float(field: number, value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeFloatLE(value);
  return Buffer.concat([tag(field, 5), data]);
}

/** A field holding another message. */
export const message = (field: number, pieces: readonly Uint8Array[]): Buffer => bytes(field, Buffer.concat(pieces));

/** A field of an encoded message. */
export interface MessageField {
  readonly number: number;
  /** All bytes of the field, tag and length included. */
  readonly encoded: Uint8Array;
  /** The bytes of a text, byte or message field; empty for numbers. */
  readonly content: Uint8Array;
}

/** The fields of a message, as views of its bytes. @throws RangeError if the message ends within a field. */
export function messageFields(data: Uint8Array): MessageField[] {
  const fields: MessageField[] = [];
  let offset = 0;
  const readVarint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = data[offset++];
      if (byte === undefined) throw new RangeError('a message ends within a field');
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) return value;
    }
  };
  while (offset < data.byteLength) {
    const start = offset;
    const key = readVarint();
    const wire = key & 7;
    let length = 0;
    if (wire === VARINT) readVarint();
    else if (wire === BYTES) length = readVarint();
    else offset += wire === 1 ? 8 : 4;
    const content = data.subarray(offset, offset + length);
    offset += length;
    if (offset > data.byteLength) throw new RangeError('a message ends within a field');
    fields.push({ number: Math.floor(key / 8), encoded: data.subarray(start, offset), content });
  }
  return fields;
}

/** A field holding another message, as a list of pieces. Nothing is copied: for messages of hundreds of MiB. */
export function messagePieces(field: number, pieces: readonly Uint8Array[]): Uint8Array[] {
  const length = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return [tag(field, BYTES), varint(length), ...pieces];
}

/** `TensorProto.DataType`. */
export const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 } as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

/** An attribute of a node, written as `AttributeProto`. */
export type Attribute = number | string | readonly number[] | { readonly float: number } | TensorAttribute;

/** A tensor of one element, the form in which `ConstantOfShape` takes its value. */
export interface TensorAttribute {
  readonly dtype: ElementType;
  readonly raw: Uint8Array;
}

/** Encodes `AttributeProto`: a number is an integer, `{ float }` a float, an array a list of integers. */
function attribute(name: string, value: Attribute): Buffer {
  const fields = [text(1, name)];
  if (typeof value === 'number') fields.push(integer(3, value), integer(20, 2));
  else if (typeof value === 'string') fields.push(text(4, value), integer(20, 3));
  else if (Array.isArray(value)) fields.push(...value.map((item: number) => integer(8, item)), integer(20, 7));
  else if ('float' in value) fields.push(float(2, value.float), integer(20, 1));
  else {
    const { dtype, raw } = value as TensorAttribute;
    fields.push(message(5, [integer(1, 1), integer(2, ELEMENT_TYPES[dtype]), bytes(9, raw)]), integer(20, 4));
  }
  return message(5, fields);
}

export interface NodeProto {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface ValueProto {
  readonly name: string;
  /** A dimension whose length is known only when the graph runs has a name in place of a number. */
  readonly shape: readonly (number | string)[];
  readonly dtype: ElementType;
}

export interface TensorProto {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  /** Little-endian, row-major. */
  readonly raw: Uint8Array;
}

export interface ModelProto {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly ValueProto[];
  readonly outputs: readonly ValueProto[];
  readonly doc?: string;
  /** `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Encodes `ValueInfoProto` as a field of `GraphProto`. */
const valueInfo = (field: number, { name, shape, dtype }: ValueProto): Buffer =>
  message(field, [
    text(1, name),
    message(2, [
      message(1, [
        integer(1, ELEMENT_TYPES[dtype]),
        message(
          2,
          shape.map((side) => message(1, [typeof side === 'number' ? integer(1, side) : text(2, side)])),
        ),
      ]),
    ]),
  ]);

/**
 * The operator sets of the graphs: the ONNX standard's, and ONNX Runtime's own. A model lists the sets that it uses.
 */
const OPSETS = [
  { domain: '', version: 20 },
  { domain: 'com.microsoft', version: 1 },
  { domain: BLOCKED, version: 1 },
];
const IR_VERSION = 9;

/** The bytes of a `ModelProto`. */
export function encodeModel(model: ModelProto): Uint8Array {
  const graph = [
    ...model.nodes.map(({ op, domain, inputs, outputs, attributes }) =>
      message(1, [
        ...inputs.map((name) => text(1, name)),
        ...outputs.map((name) => text(2, name)),
        text(4, op),
        ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
        ...(domain ? [text(7, domain)] : []),
      ]),
    ),
    text(2, 'step'),
    ...model.initializers.flatMap(({ name, shape, dtype, raw }) =>
      messagePieces(5, [
        ...shape.map((side) => integer(1, side)),
        integer(2, ELEMENT_TYPES[dtype]),
        text(8, name),
        ...messagePieces(9, [raw]),
      ]),
    ),
    ...model.inputs.map((value) => valueInfo(11, value)),
    ...model.outputs.map((value) => valueInfo(12, value)),
  ];
  return Buffer.concat([
    integer(1, IR_VERSION),
    text(2, 'medbench'),
    ...(model.doc === undefined ? [] : [text(6, model.doc)]),
    ...OPSETS.filter(({ domain }) => domain === '' || model.nodes.some((node) => node.domain === domain)).map(
      ({ domain, version }) => message(8, [text(1, domain), integer(2, version)]),
    ),
    ...Object.entries(model.metadata ?? {}).map(([key, value]) => message(14, [text(1, key), text(2, value)])),
    ...messagePieces(7, graph),
  ]);
}
