import type { MethodInput } from '@medbench/core';
import { Tinypool } from 'tinypool';
import { type SourceImage, type StoredForm, storedJpeg } from '../stored-jpeg.js';
import { describeFailure, type Failure } from './failure.js';
import { type BatchJob, makeBatch } from './job.js';
import { followRecipe, type NamedRecipe, type RecipeAnswer, tryRecipe } from './recipe.js';

/** A job and the recipes of its inputs, as sent to a worker. */
export interface WorkerJob {
  readonly job: BatchJob;
  readonly recipes: readonly NamedRecipe[];
}

/** Runs a job on a thread of `batchWorkers`. The arrays of the result are transferred to the caller, not copied. */
export async function run({ job, recipes }: WorkerJob): Promise<unknown> {
  const inputs: Record<string, MethodInput> = {};
  for (const named of recipes) inputs[named.name] = await followRecipe(named);
  const batch = await makeBatch(job, inputs);
  const arrays = [batch.images, ...Object.values(batch.inputs)].map(({ buffer }) => buffer);
  const answer = { [Tinypool.transferableSymbol]: arrays, [Tinypool.valueSymbol]: batch };
  return Tinypool.move(answer as unknown as ArrayBuffer);
}

/** An image to encode for training. */
export interface StoreJob {
  readonly image: SourceImage;
  readonly form: StoredForm;
}

/** Encodes an image on a thread of `storeWorkers`. */
export const store = ({ image, form }: StoreJob): Promise<Uint8Array | { readonly failed: Failure }> =>
  storedJpeg(image, form).catch((error: unknown) => ({ failed: describeFailure(error) }));

/** Answers for each recipe whether this worker can make its input. */
export const check = (recipes: readonly NamedRecipe[]): Promise<RecipeAnswer[]> =>
  Promise.all(recipes.map(({ recipe }) => tryRecipe(recipe)));
