// Fits one probe and prints a line of JSON. See probe.mjs.
import { join } from 'node:path';
import { linearProbe } from '@medbench/evaluation';
import { readNpy } from '@medbench/formats';

const { folder, rows, classes, grid } = JSON.parse(process.argv[2]);
const x = await readNpy(join(folder, 'x.npy'));
const y = await readNpy(join(folder, 'y.npy'));
const [n, cols] = x.shape;
const part = (from, to) => ({
  features: { rows: to - from, cols, data: x.data.subarray(from * cols, to * cols) },
  labels: y.data.subarray(from, to),
});
const begin = performance.now();
const { C, sweep } = linearProbe(part(0, rows), part(rows, n), part(rows, n).features, classes, { grid });
const seconds = (performance.now() - begin) / 1000;
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
const validation = Math.max(...sweep.map(({ accuracy }) => accuracy));
console.log(JSON.stringify({ seconds, C, validation, peakMiB, versions: { node: process.versions.node } }));
