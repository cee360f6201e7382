// npm run bench:verify [-- --rounds N --roco N --pmc N --only TEXT]
// Seconds and peak memory of `medbench data verify` over generated data sets of full size, in the layouts in which they
// are distributed. Files of images are hard links to 64 generated JPEGs, so that a million take no room.
import { spawnSync } from 'node:child_process';
import { closeSync, linkSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encodeJpeg } from '@medbench/data';
import { printJson } from '../print-json.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    /** Only cases whose name holds this text. */
    only: { type: 'string', default: '' },
    /** Rows of ROCO's test split. */
    roco: { type: 'string', default: '8179' },
    /** Pairs of PMC-OA. */
    pmc: { type: 'string', default: '100000' },
  },
});
const cli = fileURLToPath(new URL('../../packages/medbench/bin/medbench.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'medbench-bench-verify-'));

const originals = [];
for (let i = 0; i < 64; i++) {
  const data = Uint8Array.from({ length: 64 * 64 }, (_, k) => (k * (i + 3) + (k >> 6) * 7) % 256);
  originals.push(join(root, `original-${i}.jpg`));
  writeFileSync(originals[i], await encodeJpeg({ width: 64, height: 64, channels: 1, data }));
}

/** Writes a table row by row, and the images for which `has` is true. */
function write(table, header, folder, count, row, has) {
  mkdirSync(folder, { recursive: true });
  const file = openSync(table, 'w');
  let text = header;
  for (let i = 0; i < count; i++) {
    const { name, line } = row(i);
    text += line;
    if (text.length > 1 << 20) {
      writeSync(file, text);
      text = '';
    }
    if (has(i)) linkSync(originals[i % originals.length], join(folder, name));
  }
  writeSync(file, text);
  closeSync(file);
}

const caption = (i) => `Axial image ${i} of the chest, which shows a lesion of ${i % 90} mm in the left lower lobe.`;
const rocoRow = (i) => {
  const name = `PMC${3_000_000 + i}_fig-${i % 7}.jpg`;
  return { name, line: `ROCO_${String(i).padStart(5, '0')},${name},"${caption(i)}"\n` };
};
const pmcRow = (i) => {
  const name = `PMC${1_000_000 + (i >> 2)}_Fig${i % 4}_1.jpg`;
  return {
    name,
    line: `${JSON.stringify({ image: name, caption: caption(i), alignment_type: 'x', alignment_score: 0.5 })}\n`,
  };
};

function makeRoco(data, has) {
  const folder = join(data, 'roco/all_data/test/radiology');
  mkdirSync(folder, { recursive: true });
  write(join(folder, 'testdata.csv'), 'id,name,caption\n', join(folder, 'images'), Number(options.roco), rocoRow, has);
}
function makePmc(data, has) {
  const images = join(data, 'pmc-oa/images/caption_T060_filtered_top4_sep_v0_subfigures');
  mkdirSync(join(data, 'pmc-oa'), { recursive: true });
  write(join(data, 'pmc-oa/pmc_oa.jsonl'), '', images, Number(options.pmc), pmcRow, has);
}

const CASES = [
  {
    name: `ROCO test, ${options.roco} rows, all images`,
    make: (data) => makeRoco(data, () => true),
    args: ['--tasks', 'roco-retrieval'],
  },
  {
    name: `ROCO test, ${options.roco} rows, no image`,
    make: (data) => makeRoco(data, () => false),
    args: ['--tasks', 'roco-retrieval'],
  },
  {
    name: `PMC-OA, ${options.pmc} pairs, all images`,
    make: (data) => makePmc(data, () => true),
    args: ['--corpora', 'pmc-oa'],
  },
  {
    name: `PMC-OA, ${options.pmc} pairs, one of 100 missing`,
    make: (data) => makePmc(data, (i) => i % 100 !== 7),
    args: ['--corpora', 'pmc-oa'],
  },
];

/** Prints the peak memory of the process that it is loaded into, when it ends. */
const memory = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process.stderr.write('PEAK ' + process.resourceUsage().maxRSS + ' CPU ' + (process.resourceUsage().userCPUTime + process.resourceUsage().systemCPUTime) + '\\n'))",
)}`;

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const rows = [];
try {
  for (const { name, make, args } of CASES.filter((one) => one.name.includes(options.only))) {
    const data = join(root, 'data');
    make(data);
    const seconds = [];
    const peaks = [];
    const cpu = [];
    let missing = 0;
    for (let round = 0; round < Number(options.rounds); round++) {
      const began = performance.now();
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ['--import', memory, cli, 'data', 'verify', '--data', data, '--json', ...args],
        { encoding: 'utf8', env: { ...process.env, MEDBENCH_CACHE: join(root, 'cache') } },
      );
      seconds.push((performance.now() - began) / 1000);
      cpu.push(Number(/CPU (\d+)/.exec(stderr)?.[1]) / 1e6);
      peaks.push(Number(/PEAK (\d+)/.exec(stderr)?.[1]) / 1024);
      const [outcome] = JSON.parse(stdout).data;
      missing = outcome.problems.filter(({ check }) => check === 'files').reduce((sum, { count }) => sum + count, 0);
    }
    rows.push({
      case: name,
      engine: 'medbench',
      ms: 1000 * median(seconds),
      cpuSeconds: median(cpu),
      peakMiB: Math.round(median(peaks)),
      missing,
    });
    rmSync(data, { recursive: true });
  }
} finally {
  rmSync(root, { recursive: true });
}
console.log('| case | s | s of CPU | peak MiB | images not there |');
console.log('| ---- | - | -------- | -------- | ---------------- |');
for (const { case: name, ms, cpuSeconds, peakMiB, missing } of rows) {
  console.log(`| ${name} | ${(ms / 1000).toFixed(1)} | ${cpuSeconds.toFixed(1)} | ${peakMiB} | ${missing} |`);
}
printJson({
  bench: 'verify',
  machine: { cpu: cpus()[0]?.model, cores: cpus().length },
  versions: { node: process.version },
  rows,
});
