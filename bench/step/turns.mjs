// Engines take turns at the same work: start, warm up, alternate, compare what they computed.
import { availableParallelism, freemem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { roundTrip } from './cores.mjs';
import { Engine, isSlow, isTorch } from './engine.mjs';

export const median = (values) => {
  const sorted = [...values].sort((x, y) => x - y);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
};
export const quantile = (values, q) => [...values].sort((x, y) => x - y)[Math.round(q * (values.length - 1))];
export const round = (value, digits = 2) => Number(value.toFixed(digits));

/** Milliseconds that a turn of an engine takes about, and the most steps in it. */
const TURN_MS = 1500;
const MOST_STEPS = 50;
/** Milliseconds of steps before one is taken for as long as they are. */
const WARM_MS = 600;
/** Up to this many milliseconds a step is quick: what disturbs the machine weighs more, and more turns are cheap. */
const QUICK_MS = 60;
/** Steps in all of an engine that is slow by design. */
const SLOW_STEPS = 2;
/** Engines whose memory comes to more than this do not stay loaded beside each other. */
const BESIDE_GIB = 20;
/** Threads of an engine that has just answered go on waiting for work for some tenths of a second, and would be in the way. */
const REST_MS = 300;
/** First results that are compared, while rounding has had no time to grow. */
const COMPARED = 3;

const whatOf = ({ method, tower, shape }) => method ?? tower ?? shape.join(' x ');

/** Starts an engine; undefined, with the reason in `left`, if it is not there. */
async function started(spec, { versions, left }) {
  const engine = new Engine(spec);
  const { unavailable, ready, version } = await engine.answer();
  const label = `${spec.key} ${whatOf(spec)}, ${spec.engine}`;
  if (unavailable) {
    const hint = isTorch(spec.engine) ? ' (set MEDBENCH_PYTHON to a Python with torch)' : '';
    left.push(`${label}: left out, ${unavailable}${hint}`);
    return undefined;
  }
  if (version) versions[spec.engine] = version;
  const begun = performance.now();
  try {
    const first = await engine.run(1, false);
    if (isSlow(spec.engine)) engine.steps = 1;
    else {
      let ms = first[0];
      if (ms <= 4 * TURN_MS || spec.engine.endsWith('compile')) {
        const warm = performance.now();
        do ms = Math.min(...(await engine.run(2, false)));
        while (performance.now() - warm < WARM_MS);
      }
      engine.steps = Math.max(1, Math.min(MOST_STEPS, Math.round(TURN_MS / ms)));
    }
  } catch (error) {
    left.push(`${label}: left out, ${error.message}`);
    await engine.stop();
    return undefined;
  }
  const warm = (performance.now() - begun) / 1000;
  console.error(`${label}: loaded in ${ready.toFixed(1)} s, warm after ${warm.toFixed(1)} s`);
  return engine;
}

/** The largest difference between what two engines computed first. */
function apart(one, other) {
  const count = Math.min(COMPARED, one.length, other.length);
  return Math.max(
    ...one.slice(0, count).flatMap((x, i) => [x].flat().map((y, j) => Math.abs(y - [other[i]].flat()[j]))),
  );
}

/** Rounds of turns, the engines in order. There are more where a turn is a single step or steps are quick. */
async function alternate(engines, rounds, trips) {
  const steps = engines.filter(({ name }) => !isSlow(name)).map((engine) => engine.steps);
  const times = Math.min(...steps) === 1 ? 2 : Math.min(...steps) >= TURN_MS / QUICK_MS ? 3 : 1;
  for (let turn = 0; turn < times * rounds; turn++)
    for (const engine of engines) {
      if (isSlow(engine.name) && engine.ms.length >= SLOW_STEPS) continue;
      await sleep(REST_MS);
      if (availableParallelism() > 1) trips.push(await roundTrip());
      await engine.run(engine.steps);
    }
}

/**
 * Milliseconds of each engine at one piece of work. Engines that do not fit beside each other are loaded one after the other.
 * @param specs one an engine. @param options `gib` of each engine; `tolerance` of what they compute, if it is to be compared.
 * @returns rows, one an engine. @throws Error if an engine computes something else than the first.
 */
export async function measure(specs, { rounds, gib, tolerance, ...log }) {
  const fits = specs.length * gib <= Math.min(BESIDE_GIB, freemem() / 2 ** 30);
  const engines = [];
  if (fits) {
    for (const spec of specs) engines.push(await started(spec, log));
    await alternate(engines.filter(Boolean), rounds, log.trips);
    for (const engine of engines) await engine?.stop();
  } else {
    console.error(`${specs[0].key}: ${specs.length} engines of up to ${gib} GiB, one after the other`);
    for (const spec of specs) {
      const engine = await started(spec, log);
      if (engine) await alternate([engine], rounds, log.trips);
      await engine?.stop();
      engines.push(engine);
    }
  }
  const there = engines.filter(Boolean);
  for (const engine of tolerance === undefined ? [] : there.slice(1)) {
    const difference = apart(engine.results, there[0].results);
    if (!(difference < tolerance))
      throw new Error(`${engine.name} is ${difference} from ${there[0].name} at ${JSON.stringify(specs[0])}`);
  }
  return there.map(({ name, ms, peakMiB, results }) => ({
    case: specs[0].key,
    what: whatOf(specs[0]),
    engine: name,
    ms: round(median(ms)),
    low: round(quantile(ms, 0.1)),
    high: round(quantile(ms, 0.9)),
    steps: ms.length,
    peakMiB: Math.round(peakMiB),
    apart: apart(results, there[0].results),
  }));
}
