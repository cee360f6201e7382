// TensorFlow.js ships its gradients as modules that Node cannot import, save for the one bundle that has them inside.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';

/** A scalar, its gradients, and what else was computed on the way. */
export interface Differentiated {
  readonly value: tf.Scalar;
  /** Keyed as the variables. */
  readonly gradients: Readonly<Record<string, tf.Tensor>>;
  readonly terms: Readonly<Record<string, tf.Tensor>>;
  /** Variables that the value depends on. */
  readonly reached: readonly string[];
}

/**
 * Value and gradients of a scalar function, with named parts of it. What the value does not depend on has the gradient zero.
 * @param variables what is differentiated by; `f` gets the same keys.
 */
export function differentiate(
  variables: Readonly<Record<string, tf.Tensor>>,
  f: (variables: Readonly<Record<string, tf.Tensor>>) => {
    value: tf.Scalar;
    terms: Readonly<Record<string, tf.Tensor>>;
  },
): Differentiated {
  const names = Object.keys(variables);
  const kept: Record<string, tf.Tensor> = {};
  const given = names.map((name) => variables[name]!);
  const run = (): tf.Scalar => {
    const result = f(Object.fromEntries(names.map((name, i) => [name, given[i]!])));
    // The gradient scope disposes all but the value, so the parts are kept and handed to the outer scope below.
    for (const [name, term] of Object.entries(result.terms)) kept[name] = tf.keep(tf.clone(term));
    return result.value;
  };
  // Not tf.valueAndGrads: that refuses a variable which the value does not depend on, whose gradient is zero.
  let reached: readonly string[] = [];
  const { value, grads } = tf.tidy(() => {
    const found = tf.engine().gradients(run, given, undefined, true);
    reached = names.filter((_, i) => found.grads[i]);
    return { value: found.value, grads: given.map((variable, i) => found.grads[i] ?? tf.zerosLike(variable)) };
  });
  const terms = Object.fromEntries(Object.entries(kept).map(([name, term]) => [name, tf.clone(term)]));
  for (const term of Object.values(kept)) term.dispose();
  return {
    value: value as tf.Scalar,
    gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])),
    terms,
    reached,
  };
}
