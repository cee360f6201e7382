// node --expose-gc train.mjs MODE ROW STEPS: runs one part of the long run and prints a line of JSON.
import { setTimeout as sleep } from 'node:timers/promises';
import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import { createRow } from './row.mjs';

const [mode, name, count] = process.argv.slice(2);
const steps = Number(count);
const { step, state, batchAt } = await createRow(name, steps);
const answer = (value) => console.log(JSON.stringify(value));
const trained = (all) => Object.entries(all).filter(([entry]) => entry.startsWith('trained/'));

/** Changes every weight by one unit in the last place, alternately up and down. */
function nudged(all) {
  const moved = trained(all).map(([entry, value]) => {
    const data = value.data.slice();
    const bits = new Int32Array(data.buffer);
    for (let i = 0; i < bits.length; i++) if (data[i] !== 0) bits[i] += i % 2 === 0 ? 1 : -1;
    return [entry, { ...value, data }];
  });
  return { ...all, ...Object.fromEntries(moved) };
}

/** Number of times that memory is sampled. */
const LOOKS = 40;

/** Samples of the resident memory, in MiB. */
async function memory() {
  const session = await step.load(new Compiled(), state, { selfCheck: false });
  const resident = [];
  for (let i = 1; i <= steps; i++) {
    await session.step(batchAt(i - 1));
    if (i % (steps / LOOKS) !== 0) continue;
    // Another thread returns the memory of arrays some time after a garbage collection.
    globalThis.gc();
    await sleep(50);
    globalThis.gc();
    await sleep(50);
    resident.push(process.memoryUsage().rss / 2 ** 20);
  }
  await session.dispose();
  answer({ resident });
}

/** The gradient of a step, from the first moments before and after it. */
const gradients = (before, after) =>
  Object.entries(after).flatMap(([entry, { data }]) =>
    entry.startsWith('moment1/') ? [data.map((value, i) => (value - 0.9 * before[entry].data[i]) * 10)] : [],
  );

/** L2 norm of the difference, divided by the L2 norm. */
function relative(found, expected) {
  let [apart, size] = [0, 0];
  for (const [at, values] of expected.entries()) {
    for (let i = 0; i < values.length; i++) {
      apart += (values[i] - found[at][i]) ** 2;
      size += values[i] ** 2;
    }
  }
  return Math.sqrt(apart / size);
}

/** One step of the eager reference from a state. */
async function eagerStep(from, batch) {
  const session = await step.load(new Wasm(), from);
  await session.step(batch);
  const after = await session.readState();
  await session.dispose();
  return after;
}

/**
 * Twenty times along the training, the eager reference makes one step from the compiled backend's state, and one from
 * that state changed by one unit in the last place. Returns how far the gradients of the compiled step and of the
 * changed state are from the reference, and the largest difference of a weight.
 */
async function resynchronised() {
  const session = await step.load(new Compiled(), state, { selfCheck: false });
  const every = steps / 20;
  const found = [];
  for (let i = 0; i < steps; i++) {
    const before = (i + 1) % every === 0 ? await session.readState() : undefined;
    await session.step(batchAt(i));
    if (!before) continue;
    const compiled = await session.readState();
    const eager = await eagerStep(before, batchAt(i));
    const apart = nudged(before);
    const expected = gradients(before, eager);
    let weight = 0;
    for (const [entry, { data }] of trained(eager)) {
      for (let j = 0; j < data.length; j++) weight = Math.max(weight, Math.abs(data[j] - compiled[entry].data[j]));
    }
    found.push({
      step: i + 1,
      gradient: relative(gradients(before, compiled), expected),
      rounding: relative(gradients(apart, await eagerStep(apart, batchAt(i))), expected),
      weight,
    });
  }
  await session.dispose();
  answer({ found });
}

/** Losses of a whole training on one backend, and its weights at some steps. */
async function free(backend, from, at) {
  const session = await step.load(backend, from, { selfCheck: false });
  const losses = [];
  const weights = [];
  for (let i = 1; i <= steps; i++) {
    losses.push((await session.step(batchAt(i - 1))).loss.data[0]);
    if (!at.includes(i)) continue;
    const values = trained(await session.readState()).flatMap(([, { data }]) => Array.from(data));
    weights.push(Buffer.from(Float32Array.from(values).buffer).toString('base64'));
  }
  await session.dispose();
  answer({ losses, weights });
}

const marks = [0.01, 0.1, 0.2, 0.5, 1].map((share) => Math.round(share * steps));
if (mode === 'memory') await memory();
else if (mode === 'resynchronised') await resynchronised();
else await free(mode === 'compiled' ? new Compiled() : new Wasm(), mode === 'nudged' ? nudged(state) : state, marks);
