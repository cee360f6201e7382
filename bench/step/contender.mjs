// A contender, that is a program that is measured. It runs in its own process and answers each line with a line.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
export const isTorch = (name) => name.startsWith('torch');
export const isSlow = (name) => name.startsWith('wasm');

/** Environment of PyTorch's interpreter, without OpenBLAS settings that are meant for other programs. */
export const python = () => process.env.MEDBENCH_PYTHON || 'python3';
export const pythonEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([variable]) => !variable.startsWith('OPENBLAS_')));

/** The script of a contender: this checkout's, or that of an earlier built checkout (`--before`). */
const programFile = ({ contender, checkout }) =>
  contender === 'before' ? join(resolve(checkout), 'bench/step/medbench.mjs') : here('medbench.mjs');

export class Contender {
  /** @param spec passed to the process: contender, kind of work (`what`), and the fields of that work. */
  constructor(spec, environment = {}) {
    this.name = spec.contender;
    this.ms = [];
    this.results = [];
    this.peakMiB = 0;
    const threads = { MEDBENCH_THREADS: String(spec.threads) };
    const [command, file, env] = isTorch(spec.contender)
      ? [python(), here('torch_step.py'), pythonEnvironment()]
      : [process.execPath, programFile(spec), { ...process.env, ...threads, ...environment }];
    // An earlier checkout may know the field `contender` by its former name.
    const asked = spec.contender === 'before' ? { ...spec, contender: 'compiled', engine: 'compiled' } : spec;
    this.child = spawn(command, [file, JSON.stringify(asked)], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve({ unavailable: error.message }));
      this.child.once('exit', (code, signal) => resolve({ unavailable: `it ended with ${signal ?? `code ${code}`}` }));
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Reads and parses the next line. Returns `{ unavailable }` if the process ends instead. */
  async answer() {
    const line = this.lines.next().then(({ value, done }) => (done ? this.ended : JSON.parse(value)));
    return Promise.race([line, this.ended.then((end) => line.catch(() => end))]);
  }

  /** Runs steps. With `counted` false they only warm up. @returns the milliseconds of each. */
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
