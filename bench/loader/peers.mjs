// Child processes that load batches, and the statistics of their turns.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A child process that answers each line with a line. */
export class Loader {
  constructor(name, command, args, env = process.env) {
    this.name = name;
    this.rates = [];
    this.cpu = [];
    this.means = [];
    this.rss = [];
    this.child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve({ unavailable: error.message }));
      this.child.once('exit', (code) => resolve({ unavailable: `it ended with code ${code}` }));
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }
  async answer() {
    const line = this.lines.next().then(({ value, done }) => (done ? this.ended : JSON.parse(value)));
    return Promise.race([line, this.ended]);
  }
  async run(batches, counted = true) {
    this.child.stdin.write(`run ${batches}\n`);
    const answer = await this.answer();
    if (answer.unavailable) throw new Error(`${this.name}: ${answer.unavailable}`);
    if (!counted) return answer;
    this.rates.push((1000 * answer.images) / answer.ms);
    this.cpu.push(answer.cpuMs / answer.images);
    this.means.push(answer.mean);
    if (answer.rss) this.rss.push(answer.rss);
    return answer;
  }
  stop() {
    this.child.stdin.end();
    return this.ended;
  }
}

export const quantile = (values, q) => {
  const sorted = [...values].sort((x, y) => x - y);
  const place = q * (sorted.length - 1);
  const low = sorted[Math.floor(place)];
  return low + (sorted[Math.ceil(place)] - low) * (place % 1);
};
export const round = (value, digits = 1) => Number(value.toFixed(digits));
