// Ranks one set of embeddings and prints a line of JSON. See retrieval.mjs.
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Compiled } from '@medbench/backends-compiled';
import { retrievalRanks } from '@medbench/evaluation';

const { folder, pairs, width } = JSON.parse(process.argv[2]);
function load(name) {
  const data = new Float32Array(pairs * width);
  const file = openSync(join(folder, `${name}.f32`), 'r');
  const bytes = new Uint8Array(data.buffer);
  for (let at = 0; at < bytes.length; ) at += readSync(file, bytes, at, Math.min(1 << 26, bytes.length - at), at);
  closeSync(file);
  return { rows: pairs, cols: width, data };
}
const [images, texts] = [load('images'), load('texts')];
const pairing = Int32Array.from({ length: pairs }, (_, i) => i);
const begin = performance.now();
const { imageToText, textToImage } = await retrievalRanks(images, texts, pairing, { backend: new Compiled() });
const seconds = (performance.now() - begin) / 1000;
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
const recall = [imageToText, textToImage].map((ranks) => ranks.filter((rank) => rank <= 200).length / pairs);
const both = new Int32Array(2 * pairs);
both.set(imageToText);
both.set(textToImage, pairs);
writeFileSync(join(folder, 'medbench.i32'), new Uint8Array(both.buffer));
console.log(JSON.stringify({ seconds, recall, peakMiB, versions: { node: process.versions.node } }));
