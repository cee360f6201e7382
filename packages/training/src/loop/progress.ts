import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type HostTensors, isMedbenchError } from '@medbench/core';
import { readSafetensors, type SafetensorsFile, writeSafetensors } from '@medbench/nn';
import { NO_STANDING, type ValidationStanding } from './validation.js';

/** File with the state from which a training resumes. */
export const RESUME_FILE = 'resume.safetensors';

/** How far a training has come, and its state. */
export interface Progress {
  /** Number of steps done. */
  readonly step: number;
  readonly seconds: number;
  readonly curve: { step: number; loss: number }[];
  readonly standing: ValidationStanding;
  /** Whether training has ended: at its last step, or early because validation did not improve. */
  readonly ended: boolean;
  readonly state: HostTensors;
  /** Size of the chunks, if the batch was split because it did not fit into memory. It is kept to the end. */
  readonly chunkSize?: number | undefined;
}

/**
 * Reads a checkpoint; undefined if there is none, if an older version wrote it, without a checksum, or if it does not
 * hold what was written.
 * @param damaged is told the path of a damaged file.
 */
export async function readCheckpoint(
  file: string,
  damaged: (file: string) => void = () => {},
): Promise<SafetensorsFile | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    const checkpoint = await readSafetensors(file);
    return checkpoint.verified ? checkpoint : undefined;
  } catch (error) {
    if (!isMedbenchError(error)) throw error;
    damaged(file);
    return undefined;
  }
}

/** Writes a checkpoint with a checksum, for `readCheckpoint`. @throws MedbenchError('store') */
export const writeCheckpoint = (
  file: string,
  tensors: HostTensors,
  metadata: Readonly<Record<string, string>>,
): Promise<void> => writeSafetensors(file, tensors, metadata, { checksum: true });

/**
 * Reads the state of an interrupted training. Undefined if there is none with the same key, or if it is damaged.
 * @param damaged is told the path of a damaged file.
 */
export async function readResume(
  folder: string,
  key: string,
  damaged?: (file: string) => void,
): Promise<Progress | undefined> {
  const checkpoint = await readCheckpoint(join(folder, RESUME_FILE), damaged);
  if (checkpoint?.metadata.key !== key) return undefined;
  const { tensors, metadata } = checkpoint;
  return {
    step: Number(metadata.step),
    seconds: Number(metadata.seconds),
    curve: JSON.parse(metadata.curve ?? '[]') as Progress['curve'],
    standing: JSON.parse(metadata.standing ?? JSON.stringify(NO_STANDING)) as ValidationStanding,
    ended: false,
    state: tensors,
    ...(metadata.chunkSize === undefined ? {} : { chunkSize: Number(metadata.chunkSize) }),
  };
}

/** Writes the state from which a training can resume. @throws MedbenchError('store') */
export const writeResume = (
  folder: string,
  key: string,
  { step, seconds, curve, standing, state, chunkSize }: Progress,
): Promise<void> =>
  writeCheckpoint(join(folder, RESUME_FILE), state, {
    key,
    step: String(step),
    seconds: String(seconds),
    curve: JSON.stringify(curve),
    standing: JSON.stringify(standing),
    ...(chunkSize === undefined ? {} : { chunkSize: String(chunkSize) }),
  });
