import type { Backend, TrainingSettings } from './contracts/index.js';
import { MedbenchError } from './errors.js';

/** @throws MedbenchError('config') if a training's devices cannot divide its batches or its chunks. */
export function checkDivision({
  devices = 1,
  batchSize,
  chunkSize,
}: Pick<TrainingSettings, 'devices' | 'batchSize' | 'chunkSize'>): void {
  const divided = { batchSize, ...(chunkSize !== null && chunkSize < batchSize ? { chunkSize } : {}) };
  for (const [name, rows] of Object.entries(divided)) {
    if (rows % devices === 0) continue;
    throw new MedbenchError('config', `training.${name} is ${rows}, which training.devices=${devices} cannot divide`, {
      hint: `Set training.${name} to a multiple of training.devices, or other training.devices.`,
    });
  }
}

/**
 * Returns the number of devices that divide a training's batches.
 * @throws MedbenchError('config') if they cannot divide a batch or a chunk, or the backend has fewer.
 */
export async function checkedDevices(
  backend: Pick<Backend, 'id' | 'status'>,
  training: Pick<TrainingSettings, 'devices' | 'batchSize' | 'chunkSize'>,
): Promise<number> {
  const { devices = 1 } = training;
  if (devices === 1) return devices;
  checkDivision(training);
  const { devices: available = 1 } = await backend.status();
  if (devices <= available) return devices;
  throw new MedbenchError('config', `training.devices is ${devices}, and the backend ${backend.id} has ${available}`, {
    hint: `Set it to ${available}, or take a backend of XLA that has more: --backend xla-cuda.`,
  });
}
