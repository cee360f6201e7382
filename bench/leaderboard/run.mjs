// npm run bench:leaderboard [-- --rounds N --methods N --runs N]
// Seconds and peak memory of `medbench leaderboard` over generated run folders: four settings on three machines, two seeds
// each, so that three folders at a time are one submission of six seeds. Its tests are compared with `medbench compare` on
// folders that hold all seeds.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeRunFolder } from '../../packages/report/test/run-folder.mjs';
import { printJson } from '../print-json.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    /** Methods of each run. */
    methods: { type: 'string', default: '4' },
    /** Settings; each makes three folders. */
    settings: { type: 'string', default: '4' },
  },
});
const cli = fileURLToPath(new URL('../../packages/medbench/bin/medbench.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'medbench-bench-leaderboard-'));

// Test sets of the sizes of PneumoniaMNIST, BreastMNIST, VQA-RAD, BACH and DermaMNIST.
const SIZES = { pneumoniamnist: 624, breastmnist: 156, 'vqa-rad': 451, bach: 100, dermamnist: 2005 };
const COLUMNS = Object.entries(SIZES).flatMap(([task, n]) =>
  (task === 'vqa-rad' ? ['vqa'] : ['zero-shot', 'linear-probe']).map((protocol) => ({ task, protocol, n, data: task })),
);
const BASE = {
  schemaVersion: 1,
  run: {
    ...{ id: 'bench', backend: 'compiled', preset: 'none', synthetic: true, corpora: ['phantoms'] },
    ...{ settings: {}, versions: { '@medbench/core': '0.1.0' }, command: 'medbench run' },
  },
  methods: [],
  tasks: Object.keys(SIZES).map((id) => ({
    id,
    title: id,
    modality: id === 'dermamnist' ? 'dermatology' : 'radiology',
    protocols: [],
  })),
};
const ROWS = [
  ...Array.from({ length: Number(options.methods) }, (_, m) => ({
    id: `method-${m}`,
    chance: 0.6 + 0.03 * m,
    parameters: 1e6,
  })),
  ...['chance', 'untrained'].map((id) => ({ id, chance: 0.5, control: true })),
];
const make = (name, setting, seeds) => {
  const settings = { 'training.steps': 100 * (setting + 1) };
  const rows = ROWS.map((row) => ({ ...row, chance: row.control ? row.chance : row.chance + 0.02 * setting }));
  writeRunFolder(join(root, name), BASE, { seeds, rows, columns: COLUMNS, draw: `setting-${setting}`, settings });
  return join(root, name);
};

/** Prints the peak memory of the process that it is loaded into, when it ends. */
const memory = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process.stderr.write('PEAK ' + process.resourceUsage().maxRSS + ' CPU ' + (process.resourceUsage().userCPUTime + process.resourceUsage().systemCPUTime) + '\\n'))",
)}`;
const medbench = (args) => {
  const began = performance.now();
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', memory, cli, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`medbench ${args.join(' ')}: ${stderr}`);
  return {
    stdout,
    ms: performance.now() - began,
    cpuSeconds: Number(/CPU (\d+)/.exec(stderr)?.[1]) / 1e6,
    peakMiB: Math.round(Number(/PEAK (\d+)/.exec(stderr)?.[1]) / 1024),
  };
};
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Largest difference of a p of the leaderboard from that of compare on folders with all seeds, and numbers of tests. */
function compareTests(data, settings) {
  const entry = (row, setting) =>
    data.entries.find((one) => one.row === row && one.sources[0] === `setting-${setting}-machine-0`).id;
  let tests = 0;
  let farthest = 0;
  let otherMarks = 0;
  for (let i = 0; i < settings; i++) {
    for (let j = i + 1; j < settings; j++) {
      const out = ['--out', join(root, 'compare.html'), '--json'];
      const { cells, level } = JSON.parse(
        medbench(['compare', join(root, `all-${i}`), join(root, `all-${j}`), ...out]).stdout,
      );
      for (const { row, task, protocol, test, difference } of cells.filter(({ control }) => !control)) {
        const column = data.columns.find((one) => one.task === task && one.protocol === protocol);
        const [first, second] = [entry(row, i), entry(row, j)];
        const found = column.tests.find((one) => [one.first, one.second].every((id) => id === first || id === second));
        const sign = found.first === first ? 1 : -1;
        const better = sign * difference > 0 ? 'better' : 'worse';
        const outcome = test.adjusted < level ? better : 'no difference found';
        if (outcome !== found.outcome) otherMarks++;
        farthest = Math.max(farthest, Math.abs(test.adjusted - found.adjusted));
        tests++;
      }
    }
  }
  return { tests, farthest, otherMarks };
}

try {
  const settings = Number(options.settings);
  const folders = Array.from({ length: 3 * settings }, (_, i) => {
    const [setting, machine] = [Math.floor(i / 3), i % 3];
    return make(`setting-${setting}-machine-${machine}`, setting, [2 * machine, 2 * machine + 1]);
  });
  for (let setting = 0; setting < settings; setting++) make(`all-${setting}`, setting, [0, 1, 2, 3, 4, 5]);
  const site = join(root, 'site');
  const rounds = Array.from({ length: Number(options.rounds) }, () =>
    medbench(['leaderboard', ...folders, '--out', site]),
  );
  const data = JSON.parse(readFileSync(join(site, 'data.json'), 'utf8'));
  const bytes = data.pages.reduce((sum, page) => sum + statSync(join(site, page)).size, 0);
  const compared = compareTests(data, settings);
  const row = {
    case: `${folders.length} runs, ${data.entries.length} entries, ${data.columns.length} columns`,
    engine: 'medbench',
    ms: Math.round(median(rounds.map(({ ms }) => ms))),
    slowestMs: Math.round(Math.max(...rounds.map(({ ms }) => ms))),
    cpuSeconds: median(rounds.map(({ cpuSeconds }) => cpuSeconds)),
    peakMiB: median(rounds.map(({ peakMiB }) => peakMiB)),
    pages: data.pages.length,
    MiB: Math.round(bytes / 2 ** 20),
    ...compared,
  };
  console.log(
    '| case | s, median | s, slowest | s of CPU | peak MiB | pages | MiB | tests of compare | other marks | p differs by |',
  );
  console.log(
    '| ---- | --------- | ---------- | -------- | -------- | ----- | --- | ---------------- | ----------- | ------------ |',
  );
  console.log(
    `| ${row.case} | ${(row.ms / 1000).toFixed(2)} | ${(row.slowestMs / 1000).toFixed(2)} | ${row.cpuSeconds.toFixed(2)} | ${row.peakMiB} | ${row.pages} | ${row.MiB} | ${row.tests} | ${row.otherMarks} | ${row.farthest.toExponential(1)} |`,
  );
  printJson({
    bench: 'leaderboard',
    machine: { cpu: cpus()[0]?.model, cores: cpus().length },
    versions: { node: process.version },
    rows: [row],
  });
  if (row.ms > 5000 || row.otherMarks > 0) process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true });
}
