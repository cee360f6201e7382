// Contenders take turns at the same work: they start, warm up, alternate, and their results are compared.
import { availableParallelism, freemem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Contender, isSlow, isTorch } from './contender.mjs';
import { roundTrip } from './cores.mjs';

export const median = (values) => {
  const sorted = [...values].sort((x, y) => x - y);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
};
export const quantile = (values, q) => [...values].sort((x, y) => x - y)[Math.round(q * (values.length - 1))];
export const round = (value, digits = 2) => Number(value.toFixed(digits));

/** Approximate milliseconds of a turn, and the most steps in it. */
const TURN_MS = 1500;
const MOST_STEPS = 50;
/** Milliseconds of warm-up steps before their duration is trusted. */
const WARM_MS = 600;
/** A step up to this many milliseconds counts as quick: disturbances weigh more, and more turns cost little. */
const QUICK_MS = 60;
/** Total steps of a contender that is slow by design. */
const SLOW_STEPS = 2;
/** Memory limit in GiB for all contenders together. Above it they are loaded one after the other. */
const BESIDE_GIB = 20;
/**
 * Pause after a turn: the threads of a contender spin for some tenths of a second after its answer and would disturb
 * the next.
 */
const REST_MS = 300;
/** Number of first results that are compared. Later ones differ by accumulated rounding. */
const COMPARED = 3;

const workName = ({ method, tower, shape }) => method ?? tower ?? shape.join(' x ');

/** Starts a contender. Returns undefined if it is unavailable, with the reason in `left`. */
async function started(spec, { versions, left }) {
  const contender = new Contender(spec);
  const { unavailable, ready, version } = await contender.answer();
  const label = `${spec.key} ${workName(spec)}, ${spec.contender}`;
  if (unavailable) {
    const hint = isTorch(spec.contender) ? ' (set MEDBENCH_PYTHON to a Python with torch)' : '';
    left.push(`${label}: left out, ${unavailable}${hint}`);
    return undefined;
  }
  if (version) versions[spec.contender] = version;
  const begun = performance.now();
  try {
    const first = await contender.run(1, false);
    if (isSlow(spec.contender)) contender.steps = 1;
    else {
      let ms = first[0];
      if (ms <= 4 * TURN_MS || spec.contender.endsWith('compile')) {
        const warm = performance.now();
        do ms = Math.min(...(await contender.run(2, false)));
        while (performance.now() - warm < WARM_MS);
      }
      contender.steps = Math.max(1, Math.min(MOST_STEPS, Math.round(TURN_MS / ms)));
    }
  } catch (error) {
    left.push(`${label}: left out, ${error.message}`);
    await contender.stop();
    return undefined;
  }
  const warm = (performance.now() - begun) / 1000;
  console.error(`${label}: loaded in ${ready.toFixed(1)} s, warm after ${warm.toFixed(1)} s`);
  return contender;
}

/** The largest difference between the first results of two contenders. */
function apart(one, other) {
  const count = Math.min(COMPARED, one.length, other.length);
  return Math.max(
    ...one.slice(0, count).flatMap((x, i) => [x].flat().map((y, j) => Math.abs(y - [other[i]].flat()[j]))),
  );
}

/**
 * Runs rounds of turns, the contenders in order. There are more rounds where a turn is a single step or steps are
 * quick.
 */
async function alternate(contenders, rounds, trips) {
  const steps = contenders.filter(({ name }) => !isSlow(name)).map((contender) => contender.steps);
  const times = Math.min(...steps) === 1 ? 2 : Math.min(...steps) >= TURN_MS / QUICK_MS ? 3 : 1;
  for (let turn = 0; turn < times * rounds; turn++)
    for (const contender of contenders) {
      if (isSlow(contender.name) && contender.ms.length >= SLOW_STEPS) continue;
      await sleep(REST_MS);
      if (availableParallelism() > 1) trips.push(await roundTrip());
      await contender.run(contender.steps);
    }
}

/**
 * Measures each contender on one piece of work. Contenders that do not fit into memory together are loaded one after
 * the other.
 * @param specs one per contender.
 * @param options `gib`: memory of each contender. `tolerance`: largest allowed difference of results, if they are
 * compared.
 * @returns one row per contender, in milliseconds. @throws Error if results differ from those of the first contender.
 */
export async function measure(specs, { rounds, gib, tolerance, ...log }) {
  const fits = specs.length * gib <= Math.min(BESIDE_GIB, freemem() / 2 ** 30);
  const contenders = [];
  if (fits) {
    for (const spec of specs) contenders.push(await started(spec, log));
    await alternate(contenders.filter(Boolean), rounds, log.trips);
    for (const contender of contenders) await contender?.stop();
  } else {
    console.error(`${specs[0].key}: ${specs.length} contenders of up to ${gib} GiB, one after the other`);
    for (const spec of specs) {
      const contender = await started(spec, log);
      if (contender) await alternate([contender], rounds, log.trips);
      await contender?.stop();
      contenders.push(contender);
    }
  }
  const there = contenders.filter(Boolean);
  for (const contender of tolerance === undefined ? [] : there.slice(1)) {
    const difference = apart(contender.results, there[0].results);
    if (!(difference < tolerance))
      throw new Error(`${contender.name} is ${difference} from ${there[0].name} at ${JSON.stringify(specs[0])}`);
  }
  return there.map(({ name, ms, peakMiB, results }) => ({
    case: specs[0].key,
    what: workName(specs[0]),
    contender: name,
    ms: round(median(ms)),
    low: round(quantile(ms, 0.1)),
    high: round(quantile(ms, 0.9)),
    steps: ms.length,
    peakMiB: Math.round(peakMiB),
    apart: apart(results, there[0].results),
  }));
}
