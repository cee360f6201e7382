import { type Activation, type HostTensors, MedbenchError, type ParameterSpec, type Tower } from '@medbench/core';
import { decodeTensor, readSafetensors } from '@medbench/nn';
import { belongsToTower, toOwnLayout, type WeightsLayout } from './layouts.js';
import { countRows, gridSides, isResizable, resizePositions } from './positions.js';
import { describeSizes, readSizes } from './sizes.js';
import type { WeightsSource } from './source.js';

/** Number of faults that a message lists. All others are only counted. */
const MAX_LISTED_FAULTS = 8;

/**
 * Position tables of a square grid: of a vision transformer, of a ResNet's attention pool, and of timm's vision
 * transformers. A class or mean token is before the grid, but in SigLIP's.
 */
const IMAGE_POSITIONS = [
  'visual.positional_embedding',
  'visual.attnpool.positional_embedding',
  'visual.trunk.pos_embed',
] as const;

/**
 * Checks that weights fit a model. Running statistics are required, as parameters are.
 * @throws MedbenchError('weights') that names the file and lists the tensors that are missing, unexpected or of another
 *   shape.
 */
export function checkWeights(weights: HostTensors, specs: readonly ParameterSpec[], file: string): void {
  const faults: string[] = [];
  const expected = new Map(specs.map(({ name, shape }) => [name, shape.join('x')]));
  for (const [name, shape] of expected) {
    const tensor = weights[name];
    if (!tensor) faults.push(`${name} is missing`);
    else if (tensor.shape.join('x') !== shape) {
      faults.push(`${name} is [${tensor.shape}], expected [${shape.replaceAll('x', ',')}]`);
    }
  }
  for (const name of Object.keys(weights)) if (!expected.has(name)) faults.push(`${name} is unexpected`);
  if (faults.length === 0) return;
  const listed =
    faults.slice(0, MAX_LISTED_FAULTS).join('; ') +
    (faults.length > MAX_LISTED_FAULTS ? `; and ${faults.length - MAX_LISTED_FAULTS} more` : '');
  const sizes = readSizes(weights);
  throw new MedbenchError('weights', `${file} does not fit the model: ${listed}`, {
    hint: sizes
      ? `The file holds ${describeSizes(sizes)}. Choose encoders.image, encoders.text, model.embedDim and model.merges to match.`
      : mismatchHint(faults),
  });
}

/** The way out if the weights are not those of the two towers of CLIP. */
const mismatchHint = (faults: readonly string[]): string =>
  faults.some((fault) => fault.startsWith(`${WORD_TABLE} is [`))
    ? 'The vocabulary is not that of the weights: set model.vocabulary to the one that they were trained with.'
    : 'The file does not hold the weights of the two towers, or only a part of them.';

/** The token table of a BERT tower. */
const WORD_TABLE = 'transformer.embeddings.word_embeddings.weight';

/** The bias of SigLIP's loss, which open_clip keeps beside the towers. */
const LOGIT_BIAS = 'logit_bias';

/** The tensors of a safetensors file, or of a file of PyTorch. */
async function readTensors(file: string): Promise<HostTensors> {
  if (!/\.(bin|pt|pth|ckpt)$/.test(file)) return (await readSafetensors(file)).tensors;
  const { readTorch } = await import('@medbench/formats');
  const tensors = Object.entries(await readTorch(file));
  return Object.fromEntries(tensors.map(([name, { bytes, ...info }]) => [name, decodeTensor(bytes, info)]));
}

/** The tensors of all files of the weights. */
export async function readParts({ file, parts = [file] }: WeightsSource): Promise<HostTensors> {
  const tensors: HostTensors = {};
  for (const part of parts) Object.assign(tensors, await readTensors(part));
  return tensors;
}

/** @throws MedbenchError('weights') naming the first tensor with a value that is NaN or infinite. */
export function requireFinite(tensors: HostTensors, file: string): void {
  for (const [name, { data }] of Object.entries(tensors)) {
    const index = data.findIndex((value: number) => !Number.isFinite(value));
    if (index < 0) continue;
    throw new MedbenchError('weights', `${file}: ${name} holds ${data[index]} at index ${index}`, {
      hint: 'The training that wrote it diverged, or it was damaged. Take an earlier checkpoint.',
    });
  }
}

/** Resizes the tables of image positions to the sizes of the model. @returns one sentence for each. */
export function fitImagePositions(tensors: HostTensors, specs: readonly ParameterSpec[]): string[] {
  return IMAGE_POSITIONS.flatMap((name) => {
    const table = tensors[name];
    const shape = specs.find((spec) => spec.name === name)?.shape;
    if (!table || !shape) return [];
    const [from, to] = [countRows(table.shape), countRows(shape)];
    if (from === to || table.shape.length !== shape.length || !isResizable(table, to)) return [];
    tensors[name] = resizePositions(table, to);
    const [before, after] = gridSides(from, to)!;
    return [`Image positions were resized from ${before}² to ${after}² patches`];
  });
}

/** Weights that fit the model, and how they were converted. */
export interface LoadedWeights {
  /** Tensors by medbench's names, with the shapes of the model. */
  readonly tensors: HostTensors;
  readonly layout: WeightsLayout;
  /** One sentence for each change made to the weights. */
  readonly notes: readonly string[];
}

/**
 * Loads weights from other programs for a model, in the layouts of OpenAI/open_clip and of Hugging Face's `CLIPModel`,
 * in any float type. A table of image positions of another size is resized.
 * @param without towers to leave out, which the file may have of another kind.
 * @throws MedbenchError('weights') if the weights do not fit, or if their configuration asks for another activation
 *   than the model's.
 */
export async function loadWeights(
  source: WeightsSource,
  specs: readonly ParameterSpec[],
  { activation, without = [] }: { readonly activation: Activation; readonly without?: readonly Tower[] },
): Promise<LoadedWeights> {
  if (source.activation && source.activation !== activation) {
    throw new MedbenchError(
      'weights',
      `${source.name} was trained with the activation ${source.activation}, not ${activation}`,
      {
        hint: `Set model.activation=${source.activation}: with another activation the model runs, but with worse results.`,
      },
    );
  }
  const { layout, tensors: all } = toOwnLayout(await readParts(source));
  const isLeftOut = (name: string): boolean => without.some((tower) => belongsToTower(name, tower));
  const tensors = Object.fromEntries(Object.entries(all).filter(([name]) => !isLeftOut(name)));
  const notes: string[] = [];
  requireFinite(tensors, source.file);
  for (const { name, shape } of specs) {
    const tensor = tensors[name];
    // Some programs save a scalar as an array of one value.
    if (tensor && shape.length === 0 && tensor.data.length === 1) tensors[name] = { ...tensor, shape: [] };
  }
  const bias = tensors[LOGIT_BIAS];
  if (bias && !specs.some(({ name }) => name === LOGIT_BIAS)) {
    delete tensors[LOGIT_BIAS];
    notes.push(`${LOGIT_BIAS} (${bias.data[0]}) was left out: it belongs to a loss, and each method starts its own`);
  }
  notes.push(...fitImagePositions(tensors, specs));
  checkWeights(
    tensors,
    specs.filter(({ name }) => !isLeftOut(name)),
    source.file,
  );
  return { tensors, layout, notes };
}
