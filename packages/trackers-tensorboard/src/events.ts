import { bytesField, doubleField, floatField, integerField, readFields } from './protobuf.js';

// Numbers of fields: tensorboard/compat/proto/event.proto, summary.proto, tensor.proto, tensor_shape.proto, types.proto.
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const;
const SUMMARY = { value: 1 } as const;
const VALUE = { tag: 1, simpleValue: 2, image: 4, tensor: 8, metadata: 9 } as const;
const IMAGE = { height: 1, width: 2, colorspace: 3, encoded: 4 } as const;
const TENSOR = { type: 1, shape: 2, texts: 8 } as const;
const METADATA = { plugin: 1 } as const;
const PLUGIN = { name: 1 } as const;
const TYPE_STRING = 7;
/** Number of channels: red, green, blue, opacity. */
const COLORSPACE_RGBA = 4;

/** Values at one step. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly scalars: readonly { readonly tag: string; readonly value: number }[];
}

type Parts = readonly Buffer[];

const event = (wallTime: number, step: number, content: Buffer): Buffer =>
  Buffer.concat([doubleField(EVENT.wallTime, wallTime), integerField(EVENT.step, step), content]);

const summary = (values: readonly Parts[]): Buffer =>
  bytesField(
    EVENT.summary,
    values.map((value) => bytesField(SUMMARY.value, value)),
  );

/** The first event of each file. */
export const versionEvent = (wallTime: number): Buffer =>
  event(wallTime, 0, bytesField(EVENT.fileVersion, 'brain.Event:2'));

/** Values in 32 bits, as TensorBoard keeps them. */
export const scalarEvent = ({ wallTime, step, scalars }: ScalarEvent): Buffer =>
  event(
    wallTime,
    step,
    summary(scalars.map(({ tag, value }) => [bytesField(VALUE.tag, tag), floatField(VALUE.simpleValue, value)])),
  );

/** A text in Markdown, for the page of texts. */
export const textEvent = (wallTime: number, tag: string, text: string): Buffer =>
  event(
    wallTime,
    0,
    summary([
      [
        bytesField(VALUE.tag, tag),
        bytesField(VALUE.tensor, [
          integerField(TENSOR.type, TYPE_STRING),
          // A scalar: a shape without dimensions.
          bytesField(TENSOR.shape, []),
          bytesField(TENSOR.texts, text),
        ]),
        bytesField(VALUE.metadata, [bytesField(METADATA.plugin, [bytesField(PLUGIN.name, 'text')])]),
      ],
    ]),
  );

/** An image for the page of images. @param png a PNG file. */
export const imageEvent = (
  wallTime: number,
  tag: string,
  { png, width, height }: { readonly png: Uint8Array; readonly width: number; readonly height: number },
): Buffer =>
  event(
    wallTime,
    0,
    summary([
      [
        bytesField(VALUE.tag, tag),
        bytesField(VALUE.image, [
          integerField(IMAGE.height, height),
          integerField(IMAGE.width, width),
          integerField(IMAGE.colorspace, COLORSPACE_RGBA),
          bytesField(IMAGE.encoded, png),
        ]),
      ],
    ]),
  );

/** Reads the scalars of an event; none if it has others. @throws RangeError if the bytes are no event. */
export function readScalars(data: Uint8Array): ScalarEvent {
  let [wallTime, step] = [0, 0];
  const scalars: { tag: string; value: number }[] = [];
  for (const { field, value } of readFields(data)) {
    if (field === EVENT.wallTime && typeof value !== 'number') wallTime = value.readDoubleLE();
    else if (field === EVENT.step && typeof value === 'number') step = value;
    else if (field === EVENT.summary && typeof value !== 'number') {
      for (const one of readFields(value)) if (typeof one.value !== 'number') scalars.push(...readValue(one.value));
    }
  }
  return { wallTime, step, scalars };
}

function readValue(data: Uint8Array): { tag: string; value: number }[] {
  let tag = '';
  let scalar: number | undefined;
  for (const { field, value } of readFields(data)) {
    if (typeof value === 'number') continue;
    if (field === VALUE.tag) tag = value.toString('utf8');
    else if (field === VALUE.simpleValue) scalar = value.readFloatLE();
  }
  return scalar === undefined ? [] : [{ tag, value: scalar }];
}
