import { errorMessage, type InputRecipe, MedbenchError, type MethodInput } from '@medbench/core';
import { importModule } from './import-module.js';

/** A method's input, as it is sent to a worker. */
export interface NamedRecipe {
  readonly name: string;
  /** Names the random stream that it is drawn from. */
  readonly stream: string;
  readonly recipe: InputRecipe;
}

/** What a worker makes of a recipe: the input's shape and type, or why it makes none. Survives the way between threads. */
export type RecipeAnswer =
  | Pick<MethodInput, 'shape' | 'dtype'>
  /** `import`: the worker cannot import the module. `make`: the module has no such function, or the function fails. */
  | { readonly failed: 'import' | 'make'; readonly reason: string };

/** The input that a recipe describes, drawn from its stream. @throws whatever the module or its function throws. */
export async function followRecipe({ recipe, stream }: Omit<NamedRecipe, 'name'>): Promise<MethodInput> {
  return { ...makeInput(await importModule(recipe.module), recipe), stream };
}

/** Tells whether `followRecipe` can, without drawing. */
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
 * Checks a worker's answer against the input itself.
 * @returns why the main thread must draw the input, or undefined if a worker can.
 * @throws MedbenchError('plugin') naming module and export: no such function, or it makes something else.
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
  const described = ({ shape, dtype }: Pick<MethodInput, 'shape' | 'dtype'>): string =>
    `${dtype} [${shape.join(', ')}]`;
  if (described(answer) === described(input)) return undefined;
  throw new MedbenchError(
    'plugin',
    `${maker} makes ${described(answer)} for the input "${name}" in a worker, where the method has ${described(input)}`,
    { hint: 'Call drawnInput with the values that its function was called with.' },
  );
}
