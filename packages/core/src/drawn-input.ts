import type { MethodInput } from './contracts/method.js';
import { errorMessage, MedbenchError } from './errors.js';

/**
 * Makes an input that worker threads can draw. The input names the function that makes it, so that a worker can import
 * that function and make the same input. A worker and the main thread draw the same bits.
 *
 * Put the function in a module that has its own entry in `exports` of the package, so that a bundler keeps its name.
 * Keep that module light, because every worker imports it.
 *
 * @param module Absolute URL of the module that exports the function: `import.meta.url` in that module itself.
 * @param name Name of the exported function that makes this input.
 * @param values Arguments of the function: plain values, such as numbers and objects of numbers.
 * @throws MedbenchError('plugin') naming the export if `module` is not an absolute URL or `values` cannot be sent to a
 *   thread.
 * @example
 * ```ts
 * // src/inputs.ts, exported as './inputs'
 * import { drawnInput, type MethodInput } from '@medbench/core';
 *
 * export const noise = (size: number): MethodInput =>
 *   drawnInput(import.meta.url, 'noise', [size], {
 *     shape: [size],
 *     dtype: 'float32',
 *     draw: (_example, random) => Float32Array.from({ length: size }, () => random.uniform()),
 *   });
 * ```
 */
export function drawnInput(
  module: string,
  name: string,
  values: readonly unknown[],
  input: Omit<MethodInput, 'recipe'>,
): MethodInput {
  if (!URL.canParse(module)) {
    throw new MedbenchError('plugin', `The module of the input "${name}" is "${module}", not an absolute URL`, {
      hint: 'Pass import.meta.url, or the result of import.meta.resolve for a package.',
    });
  }
  try {
    structuredClone(values);
  } catch (cause) {
    throw new MedbenchError(
      'plugin',
      `The arguments of the input "${name}" cannot be sent to a worker thread: ${errorMessage(cause)}`,
      {
        cause,
        hint: 'Pass numbers, texts, lists and objects only; functions cannot be sent.',
      },
    );
  }
  return { ...input, recipe: { module, export: name, arguments: values } };
}
