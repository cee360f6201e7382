import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ForeignWeights } from '@medbench/core';
import { countParameters, writeSafetensors } from '@medbench/nn';
import { findWeights, loadWeights } from '@medbench/weights';
import { buildModel, WEIGHTS_FILE, weightsMetadata } from './model.js';

/**
 * Finds weights that were trained elsewhere, for use as the general-domain weights.
 * @throws MedbenchError('weights') that says what was looked for.
 */
export async function findForeignWeights(name: string, log: (message: string) => void): Promise<ForeignWeights> {
  const source = await findWeights(name, { log });
  const hash = createHash('sha256');
  for (const part of source.parts ?? [source.file]) await pipeline(createReadStream(part), hash, { end: false });
  return {
    fingerprint: hash.digest('hex'),
    async import(request, { folder, key }) {
      const began = performance.now();
      const { model } = await buildModel(request);
      const { activation } = request.model;
      const { tensors, notes, layout } = await loadWeights(source, model.parameters, { activation });
      for (const line of [`${name}: ${source.file}, layout ${layout}`, ...notes]) log(line);
      const weights = join(folder, WEIGHTS_FILE);
      await writeSafetensors(weights, tensors, weightsMetadata({ key, model: request.model }));
      const total = countParameters(model.parameters);
      const seconds = (performance.now() - began) / 1000;
      return { weights, record: { steps: 0, seconds, parameters: { total, trainable: 0 }, finalLoss: 0, curve: [] } };
    },
  };
}
