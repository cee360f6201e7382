// Shared by the evaluation benches: runs a child process, in Node or Python, that does one job and prints a line of
// JSON.
import { spawnSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The answer of a child process, or the reason why there is none. */
function run(command, args, env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 1 << 28 });
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1));
  return { unavailable: error?.message ?? stderr.trim().split('\n').at(-1) };
}

export const ours = (script, spec) => run(process.execPath, [here(script), JSON.stringify(spec)], process.env);

/** Runs the peer with the kernels that its own OpenBLAS chooses. */
export function theirs(script, spec) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !variable.startsWith('OPENBLAS_')));
  const answer = run(process.env.MEDBENCH_PYTHON || 'python3', [here(script), JSON.stringify(spec)], env);
  if (answer.unavailable) {
    console.error(`Peer left out: ${answer.unavailable} (set MEDBENCH_PYTHON to a Python with NumPy and scikit-learn)`);
  }
  return answer;
}

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
export const round = (value, digits = 2) => Number(value.toFixed(digits));
export const machine = () => ({
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
});
