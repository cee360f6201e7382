import { join } from 'node:path';
import { type EvaluationModel, type Matrix, random, writeFileAtomic } from '@medbench/core';
import { encodePng } from '@medbench/data';

/** What a foreign tool must embed: an array's file, and where its pictures or texts are. */
export interface WantedArray {
  readonly array: string;
  readonly rows: number;
  readonly inputs: string;
}

/** Vectors of no meaning, so that a protocol goes through. */
function noise(rows: number): Matrix {
  const stream = random(0, 'inputs', rows);
  return { rows, cols: 2, data: Float32Array.from({ length: 2 * rows }, () => stream.normal()) };
}

/**
 * A model that writes down what it is asked to embed: pictures as `<name>/<place>.png`, texts as `<name>.json`.
 * @param wanted Takes the arrays, in the order in which they are asked for.
 */
export function inputRecorder(folder: string, wanted: (array: WantedArray) => void): EvaluationModel {
  const written = new Set<string>();
  const pictures =
    (kind: 'images' | 'features'): EvaluationModel['embedImages'] =>
    async (images, as = 'images') => {
      wanted({ array: `${as}.${kind}.npy`, rows: images.length, inputs: `${as}/` });
      if (!written.has(as)) {
        written.add(as);
        for (let i = 0; i < images.length; i++) {
          const name = `${String(i).padStart(6, '0')}.png`;
          await writeFileAtomic(join(folder, as, name), await encodePng(await images.get(i)));
        }
      }
      return noise(images.length);
    };
  return {
    id: 'inputs',
    can: { images: true, texts: true, joint: true },
    logitScale: 1,
    embedImages: pictures('images'),
    imageFeatures: pictures('features'),
    async embedTexts(texts, as = 'texts') {
      wanted({ array: `${as}.texts.npy`, rows: texts.length, inputs: `${as}.json` });
      await writeFileAtomic(join(folder, `${as}.json`), `${JSON.stringify(texts, null, 1)}\n`);
      return noise(texts.length);
    },
  };
}
