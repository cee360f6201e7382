import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * The Python that `MEDBENCH_PYTHON` names, else `python3`, if it has all the packages. Otherwise warns on stderr and
 * returns undefined: the test is then to be skipped.
 */
export function pythonWith(...packages: readonly string[]): string | undefined {
  const python = process.env.MEDBENCH_PYTHON ?? 'python3';
  // Only looks for the packages: importing torch takes seconds.
  const look = `import importlib.util, sys; sys.exit(not all(importlib.util.find_spec(name) for name in ${JSON.stringify(packages)}))`;
  if (spawnSync(python, ['-c', look]).status === 0) return python;
  console.warn(`Skipped: ${python} has not all of ${packages.join(', ')}. MEDBENCH_PYTHON names another Python.`);
  return undefined;
}

/** Runs a Python script. @returns its standard output. @throws Error with its standard error if it fails. */
export async function runPython(python: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '1' };
  const { stdout } = await promisify(execFile)(python, [...args], { cwd, env, maxBuffer: 2 ** 24 });
  return stdout;
}
