// AssemblyScript (https://www.assemblyscript.org), compiled by scripts/build-kernels.mjs into src/kernels/adamw.ts.
//
// One step of AdamW (Loshchilov and Hutter 2019, algorithm 2) on vectors of two 64-bit floats.

/**
 * Updates parameters and moments in place; all are f64 `[count]`, count even.
 * @param correction1 1 minus the decay rate of the mean to the power of the step. `correction2`: that of the square.
 */
export function step(
  parameters: usize,
  gradient: usize,
  mean: usize,
  square: usize,
  count: i32,
  beta1: f64,
  beta2: f64,
  correction1: f64,
  correction2: f64,
  epsilon: f64,
  learningRate: f64,
  weightDecay: f64,
): void {
  const b1 = f64x2.splat(beta1);
  const b2 = f64x2.splat(beta2);
  const rest1 = f64x2.splat(1 - beta1);
  const rest2 = f64x2.splat(1 - beta2);
  const c1 = f64x2.splat(correction1);
  const c2 = f64x2.splat(correction2);
  const smallest = f64x2.splat(epsilon);
  const rate = f64x2.splat(learningRate);
  const kept = f64x2.splat(1 - learningRate * weightDecay);
  const bytes = (<usize>count) << 3;
  for (let i: usize = 0; i < bytes; i += 16) {
    const slope = v128.load(gradient + i);
    const m = f64x2.add(f64x2.mul(b1, v128.load(mean + i)), f64x2.mul(rest1, slope));
    const v = f64x2.add(f64x2.mul(b2, v128.load(square + i)), f64x2.mul(f64x2.mul(rest2, slope), slope));
    v128.store(mean + i, m);
    v128.store(square + i, v);
    const size = f64x2.add(f64x2.sqrt(f64x2.div(v, c2)), smallest);
    const update = f64x2.div(f64x2.div(m, c1), size);
    const p = v128.load(parameters + i);
    v128.store(parameters + i, f64x2.sub(f64x2.mul(p, kept), f64x2.mul(rate, update)));
  }
}
