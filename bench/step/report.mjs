// The printed tables.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { CASES } from './cases.mjs';
import { towerFlops } from './flops.mjs';
import { median, quantile, round } from './turns.mjs';

function packageVersion(dir, id) {
  const require = createRequire(new URL(`../../packages/${dir}/package.json`, import.meta.url));
  let folder = require.resolve(id);
  for (;;) {
    folder = join(folder, '..');
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (name === id && version) return version;
    } catch {
      // Not yet in the package's folder: go one up.
    }
  }
}

export const listVersions = () => ({
  node: process.versions.node,
  'onnxruntime-node': packageVersion('backends-compiled', 'onnxruntime-node'),
  '@tensorflow/tfjs-core': packageVersion('backends-compiled', '@tensorflow/tfjs-core'),
});

export const machine = (threads) => ({
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  threads,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform}-${process.arch}`,
});

const line = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');

/** Time of a contender, relative to the compiled backend on the same work. */
const ratio = (rows, row) => {
  const compiled = rows.find((one) => one.case === row.case && one.what === row.what && one.contender === 'compiled');
  return compiled && compiled !== row ? String(round(row.ms / compiled.ms)) : '';
};

export const speedTable = (rows, what) =>
  table(
    ['case', what, 'contender', 'ms, median', '10 % to 90 %', 'steps', 'peak MiB', 'times compiled', 'differs by'],
    rows.map((row) => [
      row.case,
      row.what,
      row.contender,
      row.ms,
      `${row.low} to ${row.high}`,
      row.steps,
      row.peakMiB,
      ratio(rows, row),
      row === rows.find((one) => one.case === row.case && one.what === row.what) ? '' : row.apart.toExponential(1),
    ]),
  );

/** Speeds of the machine's matrix products, and the share of the best one that the forward pass of ViT-B/16 reaches. */
export function peakTable({ peak, forward }) {
  const products = table(
    ['product', 'contender', 'ms, median', 'GFLOP/s'],
    peak.map(({ what, contender, ms, gflops }) => [
      what,
      contender === 'compiled' ? 'ONNX Runtime' : contender,
      ms,
      gflops,
    ]),
  );
  const best = Math.max(...peak.map(({ gflops }) => gflops));
  // The operations of towers of timm are not counted.
  const counted = forward.filter((row) => row.what === 'text' || !CASES[row.case].image.timm);
  const reached = counted.map((row) => {
    const gflops = towerFlops(CASES[row.case], row.what, row.contender) / row.ms / 1e6;
    const share = `${Math.round((100 * gflops) / best)} %`;
    return [row.case, row.what, row.contender, Math.round(gflops), share];
  });
  const head = ['case', 'tower', 'contender', 'GFLOP/s', `of ${best} GFLOP/s`];
  return reached.length > 0 ? `${products}\n\n${table(head, reached)}` : products;
}

export const beginTable = (rows) =>
  table(
    ['case', 'start', 'seconds in all', 'modules', 'weights, tracing, compiling', 'first step'],
    rows.map((row) => [row.case, row.start, row.seconds, row.imported, row.ready, row.first]),
  );

/** Round-trip nanoseconds from which the cores count as distant: they share no cache. */
const FAR_NS = 200;

/** Describes the distance of the cores. @param trips round-trip nanoseconds, one per turn. */
export function distance(trips) {
  const [near, middle, far] = [quantile(trips, 0.1), median(trips), quantile(trips, 0.9)].map(Math.round);
  const apart = trips.filter((trip) => trip > FAR_NS).length;
  return `From core to core and back: ${middle} ns, ${near} to ${far}; more than ${FAR_NS} before ${apart} of ${trips.length} turns`;
}
