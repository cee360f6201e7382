import {
  Encoder,
  type EncoderInfo,
  type EncoderOptions,
  type ImageEncoderModel,
  type TextEncoderModel,
} from '@medbench/core';
import { encoderInfo } from './dual-encoder.js';

/** One encoder of a family: the sizes at which it is published, and what a listing says of it. */
export interface FamilyMember<Sizes> extends Pick<EncoderInfo, 'title' | 'source'> {
  readonly sizes: Sizes;
}

/** A plugin class of a family. */
export type FamilyEncoder<Model> = new () => { build(options: EncoderOptions): Model };

const inputOf = (model: ImageEncoderModel | TextEncoderModel): Pick<EncoderInfo, 'modality'> & Partial<EncoderInfo> =>
  'imageSize' in model
    ? { modality: 'image', imageSize: model.imageSize }
    : { modality: 'text', contextLength: model.contextLength };

/**
 * Encoders that differ in their sizes alone: a decorated plugin class for each member of a table, under the member's name.
 * A module exports them by name, where the registry looks for them.
 * @param build the model of given sizes.
 * @param chosen the sizes that the options of a run decide; the others are the member's.
 * @example
 * export const { Small, Large } = encoderFamily(vitModel, ({ embedDim }) => ({ embedDim }), {
 *   Small: { title: 'small ViT', source: 'this package', sizes: { id: 'vit-s', imageSize: 32, … } },
 *   Large: { title: 'large ViT', source: 'this package', sizes: { id: 'vit-l', imageSize: 64, … } },
 * });
 */
export function encoderFamily<
  Sizes extends object,
  Model extends ImageEncoderModel | TextEncoderModel,
  Name extends string,
>(
  build: (sizes: Sizes) => Model,
  chosen: (options: EncoderOptions) => Partial<Sizes>,
  members: Readonly<Record<Name, FamilyMember<Sizes>>>,
): Readonly<Record<Name, FamilyEncoder<Model>>> {
  const classes = Object.entries<FamilyMember<Sizes>>(members).map(([name, { title, source, sizes }]) => {
    const model = build(sizes);
    // The computed key gives the class its name, which messages say.
    const { [name]: Member } = {
      [name]: class implements Encoder {
        build(options: EncoderOptions): Model {
          return build({ ...sizes, ...chosen(options) });
        }
      },
    } as Record<string, FamilyEncoder<Model>>;
    Encoder({ ...encoderInfo(model), title, ...inputOf(model), source })(Member!);
    return [name, Member!] as const;
  });
  return Object.fromEntries(classes) as Record<Name, FamilyEncoder<Model>>;
}
