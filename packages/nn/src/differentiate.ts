import '@medbench/tensorflow-gradients';
import * as tf from '@tensorflow/tfjs-core';

/** The value of a scalar function, its gradients, and named intermediate results. */
export interface Differentiated {
  readonly value: tf.Scalar;
  /** Gradients with the keys of the variables. */
  readonly gradients: Readonly<Record<string, tf.Tensor>>;
  readonly terms: Readonly<Record<string, tf.Tensor>>;
  /** Names of the variables that the value depends on. */
  readonly reached: readonly string[];
}

/**
 * Computes the value and gradients of a scalar function, and its named intermediate results. A variable that the value
 * does not depend on has the gradient zero.
 * @param variables variables to differentiate by. `f` gets a map with the same keys.
 */
export function differentiate(
  variables: Readonly<Record<string, tf.Tensor>>,
  f: (variables: Readonly<Record<string, tf.Tensor>>) => {
    value: tf.Scalar;
    terms: Readonly<Record<string, tf.Tensor>>;
  },
): Differentiated {
  const names = Object.keys(variables);
  const keptTerms: Record<string, tf.Tensor> = {};
  const inputs = names.map((name) => variables[name]!);
  const run = (): tf.Scalar => {
    const result = f(Object.fromEntries(names.map((name, i) => [name, inputs[i]!])));
    // The gradient scope disposes everything but the value. So the terms are kept, and passed to the outer scope below.
    for (const [name, term] of Object.entries(result.terms)) keptTerms[name] = tf.keep(tf.clone(term));
    return result.value;
  };
  // tf.valueAndGrads is not used, because it refuses a variable that the value does not depend on.
  let reached: readonly string[] = [];
  const { value, grads } = tf.tidy(() => {
    const result = tf.engine().gradients(run, inputs, undefined, true);
    reached = names.filter((_, i) => result.grads[i]);
    return { value: result.value, grads: inputs.map((variable, i) => result.grads[i] ?? tf.zerosLike(variable)) };
  });
  const terms = Object.fromEntries(Object.entries(keptTerms).map(([name, term]) => [name, tf.clone(term)]));
  for (const term of Object.values(keptTerms)) term.dispose();
  return {
    value: value as tf.Scalar,
    gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])),
    terms,
    reached,
  };
}
