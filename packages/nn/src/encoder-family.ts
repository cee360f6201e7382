import {
  Encoder,
  type EncoderInfo,
  type EncoderOptions,
  type ImageEncoderModel,
  type TextEncoderModel,
  type TextInput,
} from '@medbench/core';
import { encoderInfo } from './dual-encoder.js';

/** One encoder of a family: its published sizes, and the info that a listing shows. */
export interface FamilyMember<Sizes> extends Pick<EncoderInfo, 'title' | 'source'> {
  readonly sizes: Sizes;
}

/** The plugin class of one encoder of a family. */
export type FamilyEncoder<Model> = new () => {
  readonly input?: TextInput | undefined;
  build(options: EncoderOptions): Model;
};

const describeInput = (
  model: ImageEncoderModel | TextEncoderModel,
): Pick<EncoderInfo, 'modality'> & Partial<EncoderInfo> =>
  'imageSize' in model
    ? {
        modality: 'image',
        imageSize: model.imageSize,
        ...(model.preprocessing ? { preprocessing: model.preprocessing } : {}),
      }
    : {
        ...{ modality: 'text', contextLength: model.contextLength, tokens: model.input?.tokens ?? 'byte-pairs' },
      };

/**
 * Makes plugin classes of encoders that differ only in their sizes: one decorated class for each member of a table,
 * under the member's name. A module must export them by name, because the registry looks at the exports.
 * @param build builds the model for given sizes.
 * @param chooseSizes returns the sizes that the options of a run decide. All other sizes come from the member.
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
  chooseSizes: (options: EncoderOptions) => Partial<Sizes>,
  members: Readonly<Record<Name, FamilyMember<Sizes>>>,
): Readonly<Record<Name, FamilyEncoder<Model>>> {
  const classes = Object.entries<FamilyMember<Sizes>>(members).map(([name, { title, source, sizes }]) => {
    const model = build(sizes);
    const { input } = model as Partial<TextEncoderModel>;
    // The computed key gives the class its name, which messages show.
    const { [name]: Member } = {
      [name]: class implements Encoder {
        readonly input = input;

        build(options: EncoderOptions): Model {
          return build({ ...sizes, ...chooseSizes(options) });
        }
      },
    } as Record<string, FamilyEncoder<Model>>;
    Encoder({ ...encoderInfo(model), title, ...describeInput(model), source })(Member!);
    return [name, Member!] as const;
  });
  return Object.fromEntries(classes) as Record<Name, FamilyEncoder<Model>>;
}
