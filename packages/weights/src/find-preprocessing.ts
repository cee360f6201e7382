import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorMessage, type ImagePreprocessing, MedbenchError } from '@medbench/core';
import { cachedFiles, type HubModel, hubFiles, parseHubModel } from './hub.js';
import { PREPROCESSING_FILES, readPreprocessing } from './preprocessing.js';
import { WEIGHT_FILES } from './source.js';

/** Options of `findPreprocessing`. */
export interface PreprocessingSearch {
  /** Whether to ask the hub for what its cache does not hold. Default false. */
  readonly fetch?: boolean;
  /** Receives a line if a model on the hub cannot be asked. */
  readonly log?: ((message: string) => void) | undefined;
}

/** Paths of the configurations of a model on the hub, by file name. Empty if it has none or cannot be asked. */
async function hubConfigurations(model: HubModel, { fetch, log = () => {} }: PreprocessingSearch) {
  if (!fetch) return cachedFiles(model, PREPROCESSING_FILES);
  try {
    return await hubFiles(model, PREPROCESSING_FILES, PREPROCESSING_FILES);
  } catch (error) {
    if (!(error instanceof MedbenchError)) throw error;
    log(`${model.name}: no preprocessing was read, so that of the image encoder is used: ${errorMessage(error)}`);
    return {};
  }
}

/**
 * Finds the preprocessing that weights were trained with: see `readPreprocessing`.
 * @param name a safetensors file, its folder, or an id on the hub, as for `findWeights`.
 * @returns undefined if their configurations say nothing about images, or if there are no such weights.
 * @throws MedbenchError('weights') for a preprocessing that medbench does not have.
 */
export async function findPreprocessing(
  name: string,
  options: PreprocessingSearch = {},
): Promise<ImagePreprocessing | undefined> {
  if (existsSync(name)) {
    if (!statSync(name).isDirectory()) return readPreprocessing(dirname(name), basename(name));
    return readPreprocessing(
      name,
      WEIGHT_FILES.find((file) => existsSync(join(name, file))),
    );
  }
  const model = parseHubModel(name);
  if (!model) return undefined;
  // The hub's cache keeps the files of a revision in one folder.
  const [file] = Object.values(await hubConfigurations(model, options));
  return file === undefined ? undefined : readPreprocessing(dirname(file));
}
