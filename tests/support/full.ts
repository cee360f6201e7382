import { it } from 'vitest';

/** Whether every case runs: `npm run test:full`, each night. Otherwise a test runs the cases that its file selects. */
export const full = Boolean(process.env.MEDBENCH_FULL);

const LATER = '(npm run test:full)';

/** A test that only `npm run test:full` runs. Elsewhere it counts as skipped, and its title says what runs it. */
export const nightly = (title: string, run: () => Promise<void> | void, timeout?: number): void =>
  it.skipIf(!full)(`${title} ${LATER}`, run, timeout);

/**
 * The cases that run on every change; all of them in `npm run test:full`. A skipped test in their place names the rest.
 * @param what what the cases are, for the title of the skipped test.
 * @param names names of the cases to run, each the first entry of a case.
 * @throws Error if no case has one of the names, so that a case that is renamed is not lost.
 */
export function selected<T extends readonly [string, ...unknown[]]>(
  what: string,
  cases: readonly T[],
  names: readonly string[],
): readonly T[] {
  const unknown = names.filter((name) => !cases.some(([one]) => one === name));
  if (unknown.length > 0) throw new Error(`${what}: no case is called ${unknown.join(' or ')}`);
  if (full) return cases;
  const rest = cases.flatMap(([name]) => (names.includes(name) ? [] : [name]));
  if (rest.length > 0) it.skip(`${what}: ${rest.join('; ')} ${LATER}`, () => undefined);
  return cases.filter(([name]) => names.includes(name));
}
