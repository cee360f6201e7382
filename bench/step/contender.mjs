// A measured contender: a process of its own that answers lines with lines.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
export const isTorch = (name) => name.startsWith('torch');
export const isSlow = (name) => name.startsWith('wasm');

/** PyTorch's interpreter and environment: OpenBLAS settings of other programs are not for it. */
export const python = () => process.env.MEDBENCH_PYTHON || 'python3';
export const pythonEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([variable]) => !variable.startsWith('OPENBLAS_')));

/** The program of a contender of medbench: ours, or that of an earlier checkout that was built (`--before`). */
const programFile = ({ contender, checkout }) =>
  contender === 'before' ? join(resolve(checkout), 'bench/step/medbench.mjs') : here('medbench.mjs');

export class Contender {
  /** @param spec what the process is given: contender, what, and the work's own. */
  constructor(spec, environment = {}) {
    this.name = spec.contender;
    this.ms = [];
    this.results = [];
    this.peakMiB = 0;
    const threads = { MEDBENCH_THREADS: String(spec.threads) };
    const [command, file, env] = isTorch(spec.contender)
      ? [python(), here('torch_step.py'), pythonEnvironment()]
      : [process.execPath, programFile(spec), { ...process.env, ...threads, ...environment }];
    // An earlier checkout may know the field `contender` by its first name.
    const asked = spec.contender === 'before' ? { ...spec, contender: 'compiled', engine: 'compiled' } : spec;
    this.child = spawn(command, [file, JSON.stringify(asked)], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve({ unavailable: error.message }));
      this.child.once('exit', (code, signal) => resolve({ unavailable: `it ended with ${signal ?? `code ${code}`}` }));
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line, parsed; `{ unavailable }` if the process ends instead. */
  async answer() {
    const line = this.lines.next().then(({ value, done }) => (done ? this.ended : JSON.parse(value)));
    return Promise.race([line, this.ended.then((end) => line.catch(() => end))]);
  }

  /** Runs steps; those that do not count warm up. @returns the milliseconds of each. */
  async run(steps, counted = true) {
    this.child.stdin.write(`run ${steps}\n`);
    const { ms, results, peakMiB, unavailable } = await this.answer();
    if (unavailable) throw new Error(unavailable);
    this.results.push(...results);
    this.peakMiB = peakMiB;
    if (counted) this.ms.push(...ms);
    return ms;
  }

  stop() {
    this.child.stdin.end();
    return this.ended;
  }
}
