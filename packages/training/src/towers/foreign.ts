import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ForeignTower, ForeignWeights, Tower } from '@medbench/core';
import { countParameters, initialise, readSafetensors, writeSafetensors } from '@medbench/nn';
import { findWeights, loadTower, loadWeights, type WeightsSource } from '@medbench/weights';
import { buildModel, WEIGHTS_FILE, weightsMetadata } from './model.js';

/** SHA-256 of the files of weights. */
async function fingerprintWeights({ file, parts = [file] }: WeightsSource): Promise<string> {
  const hash = createHash('sha256');
  for (const part of parts) await pipeline(createReadStream(part), hash, { end: false });
  return hash.digest('hex');
}

/**
 * Finds weights that were trained elsewhere, for use as the general-domain weights.
 * @throws MedbenchError('weights') that says what was looked for.
 */
export async function findForeignWeights(name: string, log: (message: string) => void): Promise<ForeignWeights> {
  const source = await findWeights(name, { log });
  return {
    fingerprint: await fingerprintWeights(source),
    async import(request, { folder, key, replaced = [] }) {
      const began = performance.now();
      const { model } = await buildModel(request);
      const { activation } = request.model;
      const { tensors, notes, layout } = await loadWeights(source, model.parameters, { activation, without: replaced });
      for (const line of [`${name}: ${source.file}, layout ${layout}`, ...notes]) log(line);
      const weights = join(folder, WEIGHTS_FILE);
      const absent = model.parameters.filter(({ name }) => !tensors[name]);
      const all = { ...tensors, ...initialise(absent, 0) };
      await writeSafetensors(weights, all, weightsMetadata({ key, model: request.model }));
      const total = countParameters(model.parameters);
      const seconds = (performance.now() - began) / 1000;
      return { weights, record: { steps: 0, seconds, parameters: { total, trainable: 0 }, finalLoss: 0, curve: [] } };
    },
  };
}

/**
 * Finds the weights of one tower that were trained elsewhere, such as a BERT, to lay over the general-domain weights.
 * @throws MedbenchError('weights') that says what was looked for.
 */
export async function findForeignTower(
  tower: Tower,
  name: string,
  log: (message: string) => void,
): Promise<ForeignTower> {
  const source = await findWeights(name, { log, singleTower: true });
  return {
    tower,
    fingerprint: await fingerprintWeights(source),
    async layOver(request, { file, key, seed }) {
      const { model } = await buildModel(request);
      const names = new Set(model.stages(tower).flatMap(({ parameters }) => parameters));
      const specs = model.parameters.filter((spec) => names.has(spec.name));
      const { tensors, missing, notes } = await loadTower(source, specs, tower);
      for (const line of [`${name}: ${source.file}, the ${tower} tower`, ...notes]) log(line);
      const drawn = initialise(
        specs.filter((spec) => missing.includes(spec.name)),
        seed,
      );
      const base = await readSafetensors(file);
      const all = { ...base.tensors, ...tensors, ...drawn };
      await writeSafetensors(file, all, weightsMetadata({ key, model: request.model }));
    },
  };
}
