import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HostTensor } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubServer, TOKEN } from '../packages/hub/test/hub-server.js';
import { medbench, medbenchSeries, repository, TINY, temporaryFolder } from './support/cli.js';
import { providePhantoms } from './support/phantoms.js';
import { pythonWith } from './support/python.js';

/** A Python with open_clip_torch and huggingface_hub; with pyarrow, tables are read too. */
const python = pythonWith('open_clip', 'huggingface_hub');
const folder = temporaryFolder('push');
const cwd = folder.path;
afterAll(() => folder.dispose());

/** Values as nested lists of one shape, as Python reads them. */
function nested({ shape, data }: HostTensor): unknown {
  const [size, ...rest] = shape;
  if (size === undefined) return data[0];
  const step = rest.reduce((product, side) => product * side, 1);
  return Array.from({ length: size }, (_, i) =>
    nested({ shape: rest, dtype: 'float32', data: Float32Array.from(data.subarray(i * step, (i + 1) * step)) }),
  );
}

interface Loaded {
  readonly folder: Readonly<Record<'images' | 'ids', number[][]>>;
  readonly hub: Loaded['folder'];
  readonly evaluations: readonly Readonly<
    Record<'task' | 'dataset' | 'name' | 'metric' | 'text', string> & { value: number }
  >[];
  readonly model: Readonly<Record<string, unknown>>;
  readonly dataset: Readonly<Record<string, unknown>>;
  readonly scores: { readonly rows: number; readonly mean: number } | null;
}

describe.skipIf(!python)('what was pushed, in Python (skipped where it lacks open_clip)', () => {
  let hub: HubServer;
  let loaded: Loaded;
  const inputs: Record<'images' | 'ids', HostTensor> = {} as never;
  beforeAll(async () => {
    hub = await HubServer.start();
    await providePhantoms(join(cwd, '.medbench'));
    const run = [
      'run',
      '--preset=demo',
      '--methods=clip',
      '--tasks=phantom-rare',
      '--set=controls=["chance"]',
      ...TINY,
    ];
    expect((await medbench([...run, '--out=run'], { cwd })).code).toBe(0);
    const commands = [
      ['push', 'run', '--method=clip', '--repo=lab/clip', '--out=model', '--public'],
      ['push', 'run', '--results', '--repo=lab/results', '--out=results'],
      ...['image', 'text'].map((tower) => [
        'export',
        'run',
        '--method=clip',
        '--format=onnx',
        `--tower=${tower}`,
        '--out=onnx',
      ]),
    ];
    const ended = await medbenchSeries(commands, { cwd, env: { HF_ENDPOINT: hub.endpoint, HF_TOKEN: TOKEN } });
    expect(
      ended.map(({ code }) => code),
      ended.map(({ stderr }) => stderr).join(),
    ).toEqual([0, 0, 0, 0]);
    const describe = (tower: string) => JSON.parse(readFileSync(join(cwd, `onnx/${tower}.json`), 'utf8')).preprocessing;
    const { imageSize } = describe('image') as { imageSize: number };
    const { contextLength, startId, endId, padId } = describe('text') as Record<string, number>;
    const { normal } = await import('@medbench/core/testing');
    inputs.images = normal('images', [3, imageSize, imageSize, 3]);
    const rows = [[320, 7], [7, 8, 9], []].map((ids) => [startId!, ...ids, endId!]);
    const ids = rows.map((row) => [...row, ...Array<number>(contextLength! - row.length).fill(padId!)]);
    inputs.ids = { shape: [3, contextLength!], dtype: 'int32', data: Int32Array.from(ids.flat()) };
    writeFileSync(join(cwd, 'inputs.json'), JSON.stringify({ images: nested(inputs.images), ids }));
    const script = join(repository, 'tests/support/pushed.py');
    const env = {
      ...process.env,
      HF_ENDPOINT: hub.endpoint,
      HF_HOME: join(cwd, 'hf'),
      HF_TOKEN: '',
      HF_HUB_DISABLE_XET: '1',
    };
    const args = [script, join(cwd, 'model'), 'lab/clip', join(cwd, 'results'), join(cwd, 'inputs.json')];
    const { stdout } = await promisify(execFile)(python!, args, { env, maxBuffer: 2 ** 26 });
    loaded = JSON.parse(stdout.trim().split('\n').at(-1)!);
  }, 300_000);
  afterAll(() => hub?.stop());

  it.each([
    ['images', 'image'],
    ['ids', 'text'],
  ] as const)('open_clip embeds %s as medbench does, from the folder and from the hub', async (name, tower) => {
    const { runOnnx } = await import('@medbench/backends-compiled');
    const { embeddings } = await runOnnx(readFileSync(join(cwd, `onnx/${tower}.onnx`)), { [name]: inputs[name] });
    const expected = Array.from(embeddings!.data);
    for (const source of ['folder', 'hub'] as const) {
      const found = loaded[source][name].flat();
      expect(found).toHaveLength(expected.length);
      const differences = found.map((value, i) => Math.abs(value - expected[i]!));
      expect(Math.max(...differences)).toBeLessThan(1e-5);
    }
  });

  it('huggingface_hub reads the cards: figures with intervals, licence, and that the data was generated', async () => {
    const { readResults } = await import('@medbench/report');
    const { cells } = await readResults(join(cwd, 'run'));
    const own = cells.filter(({ method }) => method === 'clip');
    expect(loaded.evaluations).toHaveLength(own.length);
    for (const [i, { value, metric, ci95, task }] of own.entries()) {
      expect(loaded.evaluations[i]).toMatchObject({ dataset: task, metric, value: expect.closeTo(value!, 6) });
      expect(loaded.evaluations[i]!.name).toContain('(generated phantoms, not medical images)');
      expect(loaded.evaluations[i]!.text).toContain(String(Number(ci95![0].toPrecision(6))));
    }
    expect(loaded.model).toMatchObject({
      library_name: 'open_clip',
      license: 'other',
      tags: expect.arrayContaining(['synthetic']),
    });
    expect(loaded.dataset).toMatchObject({
      pretty_name: expect.stringContaining('Results of medbench run'),
      license: 'other',
    });
  });

  it('pyarrow reads the scores', () => {
    if (!loaded.scores) return;
    expect(readdirSync(join(cwd, 'results/scores'))).toEqual(['phantom-rare.parquet']);
    expect(loaded.scores.rows).toBeGreaterThan(100);
    expect(loaded.scores.mean).toBeGreaterThan(0);
  });
});
