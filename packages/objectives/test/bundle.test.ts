import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'objectives-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Bundle {
  readonly code: string;
  /** Files whose code is in the bundle. */
  readonly files: readonly string[];
}

/** Bundles a script in this folder as a browser's bundler does. */
async function bundle(script: string, conditions: string[]): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: script, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    conditions,
    // The bundle runs in Node here, but TensorFlow.js must take it for a browser's worker.
    define: { process: 'undefined' },
    banner: { js: 'globalThis.WorkerGlobalScope = Object;' },
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  const files = Object.entries(output!.inputs).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [file] : [],
  );
  return { code: outputFiles[0]!.text, files };
}

/** Runs a bundle in a separate process and returns what it prints. */
function run({ code }: Bundle): string {
  const file = join(folder, 'bundle.mjs');
  writeFileSync(file, code);
  return execFileSync(process.execPath, [file], { encoding: 'utf8' }).trim();
}

const ONE = "import { infoNce } from '@medbench/objectives';";
const GRADIENTS = "import '@medbench/objectives/gradients';";
/** Differentiates InfoNCE of four pairs of orthogonal embeddings, and prints a gradient or the error. */
const TRAINING = `
  import '@tensorflow/tfjs-backend-cpu';
  import { eye, grad, scalar } from '@tensorflow/tfjs-core';
  try {
    const gradient = grad((image) => infoNce(image, eye(4), scalar(1)))(eye(4)).dataSync();
    console.log(gradient[0].toFixed(6));
  } catch (error) {
    console.log(error.message);
  }`;
/** Matches a function of each other objective. */
const OTHERS =
  /sigmoidLoss|ntXent|captioningLoss|tokenwiseSimilarity|gloriaTerms|simsiam|nearestInQueue|sparcFineLoss|cyclipTerms/;

describe.each([
  ['the source', ['@medbench/source']],
  ['the published files', []],
])('a browser bundle of one objective, from %s', (_, conditions) => {
  it('contains neither the other objectives nor gradients', async () => {
    const result = await bundle(ONE + TRAINING, conditions);
    expect(result.code).toContain('function infoNce(');
    expect(result.code).not.toMatch(OTHERS);
    expect(
      result.files.filter((file) => /tfjs-layers|tfjs-core\/dist\/gradients\/|objectives\/.*gradients/.test(file)),
    ).toEqual([]);
    expect(run(result)).toMatch(/^Cannot compute gradient: gradient function not found/);
  });

  it('contains the gradients if their entry is imported, without tfjs-layers', async () => {
    const result = await bundle(GRADIENTS + ONE + TRAINING, conditions);
    expect(result.code).not.toMatch(OTHERS);
    expect(result.files.filter((file) => file.includes('tfjs-layers'))).toEqual([]);
    // Each row and column has the softmax p of one over three zeros; both directions give (p - 1) / (2 * 4).
    const p = Math.E / (Math.E + 3);
    expect(Number(run(result))).toBeCloseTo((p - 1) / 4, 5);
  });
});
