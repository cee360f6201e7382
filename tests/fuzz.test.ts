import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { type HostTensors, hashJson, seal } from '@medbench/core';
import { encodeNpy, writeNpz } from '@medbench/formats';
import { writeSafetensors } from '@medbench/nn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileResults } from '../packages/report/test/sample.js';
import { full } from './support/full.js';

/** Cases per process; there are two. Set MEDBENCH_FUZZ to a larger number for a long search: `npm run bench:fuzz`. */
const CASES = Number(process.env.MEDBENCH_FUZZ ?? (full ? 2600 : 300));
/** Only these formats, separated by commas, such as `results,plugin`. */
const FORMATS = process.env.MEDBENCH_FUZZ_FORMATS;
/** Milliseconds without a report after which a process counts as hanging. It reports every hundred cases. */
const PATIENCE_MS = 240_000;
/** Allowed memory above the peak that the readers need for undamaged files. */
const MAX_KIB = 1024 * 1024;

const fixtures = join(import.meta.dirname, '../packages/formats/fixtures');
const viewsFile = join(import.meta.dirname, '../packages/data/fixtures/views.json.gz');
let folder: string;

/** Undamaged files of every format, written by the reference libraries. The first part of a name is the format. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'medbench-fuzz-'));
  const sound = join(folder, 'sound');
  mkdirSync(sound);
  const write = (name: string, bytes: Uint8Array | string): void => writeFileSync(join(sound, name), bytes);
  for (const name of ['plain', 'latest', 'chunks', 'packed'])
    cpSync(join(fixtures, `formats/${name}.h5`), join(sound, `h5.${name}`));
  cpSync(join(fixtures, 'formats/zipped.h5.gz'), join(sound, 'h5gz.zipped'));
  for (const name of ['book', 'sparse']) cpSync(join(fixtures, `formats/${name}.xlsx`), join(sound, `xlsx.${name}`));
  for (const name of [
    'explicit',
    'implicit',
    'deflated',
    'lookup',
    'rle',
    'j2k',
    'jpegls',
    'lossless',
    'baseline',
    'ybr',
  ]) {
    cpSync(join(fixtures, `formats/${name}.dcm`), join(sound, `dcm.${name}`));
  }
  for (const name of ['plain', 'snappy', 'dictionary-v2', 'zstd', 'gzip', 'brotli']) {
    cpSync(join(fixtures, `parquet/${name}.parquet`), join(sound, `parquet.${name}`));
  }
  for (const protocol of [0, 2, 5])
    cpSync(join(fixtures, `parquet/plain-${protocol}.pkl`), join(sound, `pkl.${protocol}`));
  for (const name of ['stored', 'packed']) cpSync(join(fixtures, `${name}.npz`), join(sound, `npz.${name}`));
  const images = { shape: [5, 4, 4], dtype: 'u1' as const, data: Uint8Array.from({ length: 80 }, (_, i) => i) };
  await writeNpz(join(sound, 'npzrows.images'), { images });
  const shards = JSON.parse(readFileSync(join(fixtures, 'webdataset.json'), 'utf8')) as Record<string, unknown>;
  for (const [name, shard] of Object.entries(shards)) {
    const packed = (shard as { tar?: string }).tar;
    if (packed !== undefined) write(`tar.${name}`, inflateSync(Buffer.from(packed, 'base64')));
  }
  const views = JSON.parse(gunzipSync(readFileSync(viewsFile)).toString('utf8')) as {
    files: { name: string; file: string }[];
  };
  for (const { name, file } of views.files) write(`image.${name}`, Buffer.from(file, 'base64'));
  const rows = Array.from({ length: 40 }, (_, i) => ({ image: `${i}.jpg`, caption: `a "caption", of\n${i}` }));
  const csv = [
    'image,caption',
    ...rows.map(({ image, caption }) => `${image},"${caption.replaceAll('"', '""')}"`),
  ].join('\r\n');
  write('csv.table', csv);
  write('gz.table', gzipSync(csv));
  write('jsonl.table', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  write('json.table', JSON.stringify(rows, null, 1));
  write('list.findings', "['Mass', \"Skin's Retraction\", 'a\\n\\x41']");
  await writeTextsAndState(write);
});

/** Undamaged files of the formats that hold texts, settings, weights, embeddings and results. */
async function writeTextsAndState(write: (name: string, bytes: Uint8Array | string) => void): Promise<void> {
  const besides = join(folder, 'beside');
  mkdirSync(besides);
  const sound = join(folder, 'sound');
  const data = Float32Array.from({ length: 12 }, (_, i) => (i + 1) / 10);
  const matrix = encodeNpy({ shape: [6, 2], dtype: 'f4', data });
  write('npy.matrix', matrix);
  write('tab.table', 'id\timage\tcaption\n1\ta.jpg\tone\n2\tb.jpg\t"two"\n');
  write('lines.captions', 'ROCO_1\tA scan of the "chest" .\nROCO_3\tThe knee,\twith a tab\n');
  write('report.chest', REPORT);
  write('text.question', 'Is there a Pleural Effusion (left, 3 cm)? naïve 漢字 &amp;amp; <|endoftext|>');
  const weights: HostTensors = {
    'visual.proj': { shape: [4, 2], dtype: 'float32', data: Float32Array.from({ length: 8 }, (_, i) => i / 8) },
    text_projection: { shape: [4, 2], dtype: 'float32', data: Float32Array.from({ length: 8 }, (_, i) => -i / 8) },
    logit_scale: { shape: [], dtype: 'float32', data: Float32Array.of(2.659) },
  };
  for (const [name, checksum] of [
    ['plain', false],
    ['sealed', true],
  ] as const) {
    await writeSafetensors(join(sound, `safetensors.${name}`), weights, {}, { checksum });
  }
  for (const name of ['open_clip_model', 'model', 'part']) {
    cpSync(join(sound, 'safetensors.plain'), join(besides, `${name}.safetensors`));
  }
  write('openclip.config', JSON.stringify({ model_cfg: { embed_dim: 2, quick_gelu: false }, preprocess_cfg: {} }));
  const tower = { hidden_act: 'gelu', hidden_size: 4 };
  write('huggingface.config', JSON.stringify({ model_type: 'clip', vision_config: tower, text_config: tower }));
  const part = 'part.safetensors';
  write('index.parts', JSON.stringify({ metadata: {}, weight_map: { 'visual.proj': part, logit_scale: part } }));
  const manifest = { format: 'medbench-embeddings', version: 1, model: 'other', task: 'vqa-rad' };
  const embeddings = JSON.stringify({ ...manifest, can: { images: true, texts: true, joint: true }, logitScale: 50 });
  write('manifest.embeddings', embeddings);
  write('array.images', matrix);
  writeFileSync(join(besides, 'embeddings.json'), embeddings);
  writeFileSync(join(besides, 'all.images.npy'), matrix);
  const pair = { first: 'clip', second: 'slip', test: 'paired', difference: 0.01, ci95: [-0.1, 0.1] };
  const list = [{ task: 'pneumoniamnist', protocol: 'zero-shot', pairs: [{ ...pair, pValue: 0.3, adjusted: 0.6 }] }];
  const { statistics, ...results } = hostileResults();
  const run = JSON.stringify({ ...results, statistics: { ...statistics, comparisons: hashJson(list) } });
  write('results.run', run);
  writeFileSync(join(besides, 'results.json'), run);
  const comparisons = JSON.stringify(list);
  write('comparisons.run', comparisons);
  writeFileSync(join(besides, 'comparisons.json'), comparisons);
  write('sealed.cell', JSON.stringify(seal({ key: 'k', results: [{ protocol: 'vqa', value: 0.5 }] })));
  const settings = {
    ...{ methods: ['clip', 'slip:lambda=0.5,1'], tasks: ['pneumoniamnist'], corpora: ['shapes'], seeds: [0, 1] },
    ...{
      training: { steps: 10, validation: { every: 5, corpus: 'pmc-oa:split=valid' } },
      mixture: { shapes: 2 },
      encoders: { image: 'vit-small' },
    },
    ...{ methodSettings: { slip: { hidden: 8 } }, evaluation: { probe: { shots: [1, 4] } } },
  };
  write('config.settings', JSON.stringify(settings));
  write(
    'yaml.settings',
    'methods: [clip, filip]\ntraining:\n  steps: 10\n  learningRate: 1e-3\nseeds:\n  - 0\n  - 1\n',
  );
  write('flags.sets', 'training.steps=10\nmethods=["clip"]\nmixture.shapes=2\ncorpora=["shapes"]\nbackend=wasm');
  write('rows.ids', 'clip,slip:lambda=0.5,sum:clip=1:captioning=2\nall\nshapes,pmc-oa');
  const plugin = { name: 'medbench-method', version: '1.0.0', keywords: ['medbench-plugin'], dependencies: {} };
  write('plugin.package', JSON.stringify({ ...plugin, medbench: { api: 1, entry: './plugin', presets: [] } }));
}

/** A made-up chest report with the sections that the parser tells apart. */
const REPORT = `                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  ___ year old man with cough  // pneumonia?

 COMPARISON:  None.

 FINDINGS:

 The lungs are clear.  No effusion.

 IMPRESSION:

 1. No pneumonia.
 2. NOTIFICATION: discussed by phone.
`;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Report {
  readonly done: number;
  readonly refused: number;
  readonly faults: readonly { readonly case: number; readonly name: string; readonly error: string }[];
  readonly counts: Readonly<Record<string, number>>;
  readonly maxRss: number;
}

/** Runs the cases in a separate process. @returns its last report, and how it ended. */
function fuzz(
  seed: number,
  cases: number,
): Promise<{ code: number | null; hung: boolean; report: Report; stderr: string }> {
  return new Promise((resolve) => {
    const script = join(import.meta.dirname, 'support/fuzz.mjs');
    const child = spawn(
      process.execPath,
      [script, folder, String(seed), String(cases), ...(FORMATS ? [FORMATS] : [])],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let report: Report = { done: 0, refused: 0, faults: [], counts: {}, maxRss: 0 };
    let stderr = '';
    let rest = '';
    let hung = false;
    const stop = (): void => {
      hung = true;
      child.kill('SIGKILL');
    };
    let timer = setTimeout(stop, PATIENCE_MS);
    child.stderr.on('data', (piece: Buffer) => {
      stderr = (stderr + piece.toString()).slice(-2000);
    });
    child.stdout.on('data', (piece: Buffer) => {
      clearTimeout(timer);
      timer = setTimeout(stop, PATIENCE_MS);
      const lines = (rest + piece.toString()).split('\n');
      rest = lines.pop()!;
      const last = lines.filter((line) => line.startsWith('{')).at(-1);
      if (last) report = JSON.parse(last) as Report;
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, hung, report, stderr });
    });
  });
}

describe('every reader', () => {
  it(
    `reads or refuses ${2 * CASES} damaged files without a crash, a hang or more than 1 GiB of memory`,
    async () => {
      const [idle, ...runs] = await Promise.all([fuzz(0, 0), fuzz(1, CASES), fuzz(2, CASES)]);
      for (const { code, hung, report, stderr } of [idle!, ...runs]) {
        expect(report.faults).toEqual([]);
        expect({ code, hung }, stderr).toEqual({ code: 0, hung: false });
        expect(report.maxRss - idle!.report.maxRss).toBeLessThan(MAX_KIB);
      }
      const refused = runs.reduce((sum, { report }) => sum + report.refused, 0);
      const done = runs.reduce((sum, { report }) => sum + report.done, 0);
      expect(done).toBeGreaterThanOrEqual(2 * CASES);
      const seen = new Set(runs.flatMap(({ report }) => Object.keys(report.counts)));
      if (CASES >= 600 && !FORMATS) expect(seen.size).toBe(34);
      // Most damage is detected. The rest lies in pixels and texts, where any value is valid.
      expect(refused).toBeGreaterThan(0.3 * done);
      const mebibytes = runs.map(({ report }) => Math.round((report.maxRss - idle!.report.maxRss) / 1024));
      if (process.env.MEDBENCH_FUZZ) console.log({ done, refused, mebibytes });
    },
    2 * 3_600_000,
  );
});
