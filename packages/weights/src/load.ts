import { type Activation, type HostTensors, MedbenchError, type ParameterSpec } from '@medbench/core';
import { readSafetensors } from '@medbench/nn';
import { type Layout, toOwnLayout } from './layouts.js';
import { isResizable, resizePositions } from './positions.js';
import { readSizes, sizesInWords } from './sizes.js';
import type { WeightsSource } from './source.js';

/** Faults named in a message; the others are counted. */
const SHOWN = 8;

/** Tables of a class or mean token and a square grid: a vision transformer's, and that of a ResNet's attention pool. */
const IMAGE_POSITIONS = ['visual.positional_embedding', 'visual.attnpool.positional_embedding'] as const;

/**
 * Checks that weights are those of a model. A running statistic may be missing no more than a parameter.
 * @throws MedbenchError('weights') that lists what is missing, unexpected or of another shape, and names the file.
 */
export function checkWeights(weights: HostTensors, specs: readonly ParameterSpec[], file: string): void {
  const faults: string[] = [];
  const expected = new Map(specs.map(({ name, shape }) => [name, shape.join('x')]));
  for (const [name, shape] of expected) {
    const found = weights[name];
    if (!found) faults.push(`${name} is missing`);
    else if (found.shape.join('x') !== shape) {
      faults.push(`${name} is [${found.shape}], expected [${shape.replaceAll('x', ',')}]`);
    }
  }
  for (const name of Object.keys(weights)) if (!expected.has(name)) faults.push(`${name} is unexpected`);
  if (faults.length === 0) return;
  const shown =
    faults.slice(0, SHOWN).join('; ') + (faults.length > SHOWN ? `; and ${faults.length - SHOWN} more` : '');
  const sizes = readSizes(weights);
  throw new MedbenchError('weights', `${file} does not fit the model: ${shown}`, {
    hint: sizes
      ? `The file holds ${sizesInWords(sizes)}. Choose encoders.image, encoders.text, model.embedDim and model.merges to match.`
      : 'It is not the weights of two CLIP towers, or only a part of them.',
  });
}

export interface LoadedWeights {
  /** By medbench's names, as the model expects them. */
  readonly tensors: HostTensors;
  readonly layout: Layout;
  /** What was changed on the way in, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Loads weights made elsewhere into a model: the layouts of OpenAI/open_clip and of Hugging Face's `CLIPModel`, in any
 * float type. A table of image positions of another size is resized.
 * @throws MedbenchError('weights') if they do not fit, or their configuration asks for another activation than the model's.
 */
export async function loadWeights(
  source: WeightsSource,
  specs: readonly ParameterSpec[],
  { activation }: { activation: Activation },
): Promise<LoadedWeights> {
  if (source.activation && source.activation !== activation) {
    throw new MedbenchError(
      'weights',
      `${source.name} was trained with the activation ${source.activation}, not ${activation}`,
      {
        hint: `Set model.activation=${source.activation}: with the other one it would run, and be worse.`,
      },
    );
  }
  const { tensors: stored } = await readSafetensors(source.file);
  const { layout, tensors } = toOwnLayout(stored);
  const notes: string[] = [];
  for (const name of IMAGE_POSITIONS) {
    const table = tensors[name];
    const positions = specs.find((spec) => spec.name === name)?.shape[0];
    if (!table || positions === undefined || table.shape[0] === positions || !isResizable(table, positions)) continue;
    tensors[name] = resizePositions(table, positions);
    const side = (count: number): number => Math.sqrt(count - 1);
    notes.push(`Image positions were resized from ${side(table.shape[0]!)}² to ${side(positions)}² patches`);
  }
  checkWeights(tensors, specs, source.file);
  return { tensors, layout, notes };
}
