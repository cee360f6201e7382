import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { HostTensors } from '@medbench/core';
import { readSafetensors, writeSafetensors } from '@medbench/nn';
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

/** Reads the state of an interrupted training. Undefined if there is none with the same key. */
export async function readResume(folder: string, key: string): Promise<Progress | undefined> {
  const file = join(folder, RESUME_FILE);
  if (!existsSync(file)) return undefined;
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata.key !== key) return undefined;
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
  writeSafetensors(join(folder, RESUME_FILE), state, {
    key,
    step: String(step),
    seconds: String(seconds),
    curve: JSON.stringify(curve),
    standing: JSON.stringify(standing),
    ...(chunkSize === undefined ? {} : { chunkSize: String(chunkSize) }),
  });
