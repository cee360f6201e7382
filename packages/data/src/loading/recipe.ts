import { errorMessage, type InputRecipe, MedbenchError, type MethodInput } from '@medbench/core';
import { importModule } from './import-module.js';

/** A method's input in the form that is sent to a worker. */
export interface NamedRecipe {
  readonly name: string;
  /** Name of the random stream that the input is drawn from. */
  readonly stream: string;
  readonly recipe: InputRecipe;
}

/**
 * A worker's answer about a recipe: the input's shape and type, or why it cannot make the input. Plain values that can
 * be sent between threads.
 */
export type RecipeAnswer =
  | Pick<MethodInput, 'shape' | 'dtype'>
  /** `import`: the worker cannot import the module. `make`: the module has no such function, or the function fails. */
  | { readonly failed: 'import' | 'make'; readonly reason: string };

/**
 * Makes the input that a recipe describes, with its random stream. @throws whatever the module or its function throws.
 */
export async function followRecipe({ recipe, stream }: Omit<NamedRecipe, 'name'>): Promise<MethodInput> {
  return { ...makeInput(await importModule(recipe.module), recipe), stream };
}

/** Tells whether `followRecipe` would succeed, without drawing. */
export async function tryRecipe(recipe: InputRecipe): Promise<RecipeAnswer> {
  let module: unknown;
  try {
    module = await importModule(recipe.module);
  } catch (error) {
    return { failed: 'import', reason: errorMessage(error) };
  }
  try {
    const { shape, dtype } = makeInput(module, recipe);
    return { shape, dtype };
  } catch (error) {
    return { failed: 'make', reason: errorMessage(error) };
  }
}

function makeInput(module: unknown, recipe: InputRecipe): MethodInput {
  const make = (module as Record<string, unknown>)[recipe.export];
  if (typeof make !== 'function') throw new Error('the module exports no such function');
  return (make as (...values: readonly unknown[]) => MethodInput)(...recipe.arguments);
}

/**
 * Compares a worker's answer with the input itself.
 * @returns why the main thread must draw the input, or undefined if a worker can.
 * @throws MedbenchError('plugin') naming module and export: no such function, or it makes a different input.
 */
export function checkAnswer(
  { name, recipe }: NamedRecipe,
  input: MethodInput,
  answer: RecipeAnswer,
): string | undefined {
  const maker = `"${recipe.export}" of ${recipe.module}`;
  if ('failed' in answer) {
    if (answer.failed === 'import') return `a worker cannot import ${recipe.module}: ${answer.reason}`;
    throw new MedbenchError('plugin', `${maker} does not make the input "${name}" in a worker: ${answer.reason}`, {
      hint: 'Name an exported function in drawnInput; if a bundler renames it, give its module an entry in "exports".',
    });
  }
  const describe = ({ shape, dtype }: Pick<MethodInput, 'shape' | 'dtype'>): string => `${dtype} [${shape.join(', ')}]`;
  if (describe(answer) === describe(input)) return undefined;
  throw new MedbenchError(
    'plugin',
    `${maker} makes ${describe(answer)} for the input "${name}" in a worker, where the method has ${describe(input)}`,
    { hint: 'Call drawnInput with the values that its function was called with.' },
  );
}
