// Measures the time from the start of a process to the end of its first compiled step.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Contender } from './contender.mjs';
import { round } from './turns.mjs';

/** Runs one process. @returns seconds: the total, and its parts. */
async function once(spec, environment) {
  const begun = performance.now();
  const contender = new Contender(spec, environment);
  const { unavailable, imported, ready } = await contender.answer();
  if (unavailable) throw new Error(`compiled: ${unavailable}`);
  const [first] = await contender.run(1);
  const seconds = (performance.now() - begun) / 1000;
  await contender.stop();
  return { seconds: round(seconds), imported: round(imported), ready: round(ready), first: round(first / 1000) };
}

/** Runs it twice: with an empty cache folder, then with the filled one. */
export async function begin(spec, folder) {
  const cache = join(folder, `cache-${spec.key}`);
  mkdirSync(cache, { recursive: true });
  const environment = { MEDBENCH_CACHE: cache };
  const rows = [];
  for (const start of ['first', 'again']) rows.push({ case: spec.key, start, ...(await once(spec, environment)) });
  return rows;
}
