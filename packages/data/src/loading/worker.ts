import type { MethodInput } from '@medbench/core';
import { Tinypool } from 'tinypool';
import { type BatchJob, makeBatch } from './job.js';
import { followRecipe, type NamedRecipe, type RecipeAnswer, tryRecipe } from './recipe.js';

/** A job as it is sent to a worker. */
export interface WorkerJob {
  readonly job: BatchJob;
  readonly recipes: readonly NamedRecipe[];
}

/** What a worker of `batchWorkers` runs: `makeBatch`, with arrays that are handed over, not copied. */
export async function run({ job, recipes }: WorkerJob): Promise<unknown> {
  const inputs: Record<string, MethodInput> = {};
  for (const { name, recipe, stream = name } of recipes) inputs[name] = { ...(await followRecipe(recipe)), stream };
  const parts = await makeBatch(job, inputs);
  const arrays = [parts.images, ...Object.values(parts.inputs)].map(({ buffer }) => buffer);
  const answer = { [Tinypool.transferableSymbol]: arrays, [Tinypool.valueSymbol]: parts };
  return Tinypool.move(answer as unknown as ArrayBuffer);
}

/** Asks a worker what it makes of the recipes. */
export const check = (recipes: readonly NamedRecipe[]): Promise<RecipeAnswer[]> =>
  Promise.all(recipes.map(({ recipe }) => tryRecipe(recipe)));
