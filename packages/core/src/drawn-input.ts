import type { MethodInput } from './contracts/method.js';
import { errorMessage, MedbenchError } from './errors.js';

/**
 * An input that workers can draw: it names the function that makes it, so that another thread can import that function and
 * make the same input. A draw in a worker and on the main thread gives the same bits.
 *
 * A bundler keeps the name of the function and its module if the module is an entry of its own in `exports` of the package.
 * Keep such a module light: every worker imports it.
 *
 * @param module Absolute URL of the module that exports the function: `import.meta.url` in that module itself.
 * @param name The export: a function that makes this input.
 * @param values What the function is called with: plain values, such as numbers and objects of them.
 * @throws MedbenchError('plugin') naming the export if `module` is no absolute URL, or `values` cannot be sent to a thread.
 * @example
 * // src/inputs.ts, exported as './inputs'
 * export const noise = (size: number): MethodInput =>
 *   drawnInput(import.meta.url, 'noise', [size], {
 *     shape: [size],
 *     dtype: 'float32',
 *     draw: (_example, random) => Float32Array.from({ length: size }, () => random.uniform()),
 *   });
 */
export function drawnInput(
  module: string,
  name: string,
  values: readonly unknown[],
  input: Omit<MethodInput, 'recipe'>,
): MethodInput {
  if (!URL.canParse(module)) {
    throw new MedbenchError('plugin', `The module of the input "${name}" is "${module}", which is no absolute URL`, {
      hint: 'Give import.meta.url, or what import.meta.resolve makes of the name of a package.',
    });
  }
  try {
    structuredClone(values);
  } catch (cause) {
    throw new MedbenchError(
      'plugin',
      `The input "${name}" is made from what no thread can take: ${errorMessage(cause)}`,
      {
        cause,
        hint: 'Give its function numbers, texts, lists and objects of them; no functions.',
      },
    );
  }
  return { ...input, recipe: { module, export: name, arguments: values } };
}
