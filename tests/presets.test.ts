// The presets of the study: rows, parameters and tasks, what differs between the two, and a run of each at demo size.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plan } from '@medbench/api';
import { choosePresets, openWorkspace, readConfig } from '@medbench/api/workspace';
import type { RunResults } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, TINY } from './support/cli.js';
import { full, selected } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';

const cwd = mkdtempSync(join(tmpdir(), 'medbench-presets-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const golden = JSON.parse(readFileSync(new URL('fixtures/study-golden.json', import.meta.url), 'utf8')) as {
  readonly trainable_parameters_vit_b_16: Readonly<Record<string, number>> & {
    readonly frozen_counts: Readonly<Record<string, number>>;
  };
};
const { frozen_counts: frozen, ...trained } = golden.trainable_parameters_vit_b_16;
const counted = (name: string) => [trained[name] as number, frozen[name] ?? 0];

/** Rows with a committed script and a kept epoch, and their trained and frozen parameters in the study's own model. */
const ROWS: readonly (readonly [string, readonly number[]])[] = [
  ['clip', counted('clip')],
  ['clip-locked:tower=text', counted('lock_text')],
  ['clip-locked:tower=image', counted('lock_image')],
  ['clip-partial:tower=image:freeze=0.5', counted('lock_image_unlocked_7')],
  ['clip-partial:tower=text:freeze=0.5', counted('lock_text_unlocked_6')],
  ['clip-partial:tower=text:freeze=0.84', counted('lock_text_unlocked_2')],
  ['flip:ratio=0.5:tuning=0', counted('clip')],
  ['unimodal-image:partners=as-trained', counted('clip')],
  ['unimodal-image:partners=as-trained:ratio=0', counted('clip')],
  // Counted in the study's own models, without its weights.
  ['coca:variant=study:shift=0', [251_903_489, 0]],
  ['filip:variant=study:pairs=own', [149_620_737, 0]],
];

const CLASSIFICATION = [
  ...['bach', 'ham10000', 'lc25000-colon', 'lc25000-lung', 'nct-crc', 'pad-ufes-20', 'pcam', 'sicap-v2'],
  ...['blood', 'breast', 'derma', 'oct', 'organa', 'organc', 'organs', 'path', 'pneumonia', 'retina', 'tissue'].map(
    (name) => `${name}mnist`,
  ),
];
const RETRIEVAL = ['deepeyenet-retrieval', 'mimic-cxr-retrieval', 'quilt-retrieval', 'roco-retrieval'];
const ANSWERS = ['path-vqa', 'vqa-rad'];

// The eager backend makes no estimate of the memory, which takes most of the time of a plan.
const planned = (preset: string) => plan({ preset, cwd, backend: 'wasm' });

describe('the presets of the study', () => {
  it('plan the eleven rows with the trained and frozen parameters of the study, without any weights', async () => {
    const { rows, tasks, protocols, encoders, generalWeights, validation } = await planned('study');
    const counts = rows
      .filter(({ kind }) => kind === 'method')
      .map(({ id, parameters, error }) => [id, error ?? [parameters?.trainable, parameters?.frozen]]);
    expect(counts).toEqual(ROWS);
    expect(encoders).toEqual({ image: 'vit-b-16', text: 'gpt-77' });
    expect(generalWeights).toBe('timm/vit_base_patch16_clip_224.openai');
    expect(validation).toEqual({
      ...{
        corpus: 'pmc-oa:split=valid',
        share: 0,
        batches: null,
        batchSize: 32,
        loss: 'clip',
        lossOf: { filip: 'own' },
      },
      ...{ every: 5382, patience: null, keep: 'best' },
    });
    expect(rows.find(({ id }) => id === 'clip')).toMatchObject({ steps: 107_640, pairsPerStep: 512, chunkSize: 32 });
    expect([...tasks].sort()).toEqual([...CLASSIFICATION, ...RETRIEVAL, ...ANSWERS].sort());
    expect(tasks).toHaveLength(19 + 4 + 2);
    expect([...protocols].sort()).toEqual(['linear-probe', 'retrieval', 'vqa', 'vqa-fine-tuned', 'zero-shot']);
    expect(readdirSync(cwd)).toEqual([]);
  }, 60_000);

  it('differ in what went wrong, which plan lists from the settings', async () => {
    const { differences, rows } = await planned('study-as-meant');
    expect(rows.filter(({ kind }) => kind === 'method')).toHaveLength(ROWS.length);
    expect(differences?.from).toBe('study');
    const unimodal = ['unimodal-image:partners=meant', 'unimodal-image:partners=meant:ratio=0.5'];
    const list = differences!.list.map(({ setting, from, to, where }) => [setting, from, to, [...where].sort()]);
    const expected = [
      ['evaluation.activation', 'gelu', 'same', []],
      ['pairs', 'own', 'all', ['filip:variant=study:pairs=all']],
      ['partners', 'as-trained', 'meant', unimodal],
      ['prompts', 'study', 'own', CLASSIFICATION.sort()],
      ['ratio', '0', '0.5', [unimodal[1]]],
      ['shift', '0', '1', ['coca:variant=study:shift=1']],
    ];
    expect(list.sort()).toEqual(expected.sort());
  }, 60_000);

  it('list the differences for all 27 tasks', async () => {
    const options = { preset: 'study-as-meant', tasks: 'study,chestmnist,vindr-mammo', methods: 'clip' };
    const { differences, tasks } = await plan({ ...options, cwd, backend: 'wasm' });
    expect(tasks).toHaveLength(27);
    expect(differences!.list).toContainEqual({
      setting: 'labels',
      from: 'study',
      to: 'findings',
      where: ['vindr-mammo'],
    });
    expect(differences!.list.find(({ setting }) => setting === 'prompts')!.where).toHaveLength(21);
  }, 60_000);

  it('keep the settings under the former name, and say the new one', async () => {
    const workspace = await openWorkspace(cwd);
    const { preset: _, ...former } = await readConfig(workspace, { preset: 'paper' });
    const { preset: __, ...present } = await readConfig(workspace, { preset: 'study' });
    expect(former).toEqual(present);
    expect(choosePresets(workspace, { preset: 'paper' }).map(({ note }) => note)).toEqual([
      expect.stringContaining('renamed to study'),
    ]);
    expect((await planned('paper')).differences).toBeUndefined();
  }, 60_000);
});

describe('at demo size', () => {
  beforeAll(async () => {
    await providePhantoms(join(cwd, '.medbench'));
  });

  // The rows with settings of the study. The others train as in any other run.
  it.each(selected('at demo size', [['study'], ['study-as-meant']] as const, ['study']))(
    '%s completes on phantoms, with its own settings',
    async (preset) => {
      const workspace = await openWorkspace(cwd);
      const { methods: listed } = await readConfig(workspace, { preset });
      const special = listed.filter((id) => /^(unimodal|coca|filip)/.test(id));
      // Two rows are unimodal, with and without masks; CoCa's own tests train its variant.
      const rows = full ? special : special.filter((id) => !/^unimodal.*ratio|^coca/.test(id));
      const args = [
        ...['run', `--preset=${preset},demo-size`, `--methods=${rows.join(',')}`, '--tasks=ham10000,vqa-rad', ...TINY],
        ...['--out=out', '--set=corpora=["phantoms"]', '--set=controls=[]', '--set=leaks.check=false'],
        ...['--set=training.steps=2', '--set=evaluation.probe.epochs=1', '--set=evaluation.vqa.minSteps=2'],
        // The validation of the study, which demo-size turns off: on valid.jsonl, by CLIP's loss but for FILIP.
        ...['--set=evaluation.vqa.epochs=1', '--set=training.validation.corpus=pmc-oa:split=valid'],
      ];
      const { code, stderr } = await medbench(args, { cwd });
      expect(code, stderr).toBe(0);
      const { run, methods, cells, training } = JSON.parse(
        readFileSync(join(cwd, 'out/results.json'), 'utf8'),
      ) as RunResults;
      expect(run.preset).toBe(`${preset},demo-size`);
      expect(methods.map(({ id }) => id)).toEqual(rows);
      // Two protocols of each task: images zero-shot and by a probe, questions by a frozen head and fine-tuned.
      expect(cells).toHaveLength(rows.length * (2 + 2));
      expect(cells.filter(({ status }) => status !== 'ok')).toEqual([]);
      expect(cells.every(({ synthetic }) => synthetic)).toBe(true);
      expect(run.validationCorpus).toBe('pmc-oa');
      const trainedRows = training.filter(({ method }) => method !== 'general');
      expect(trainedRows.map(({ validation }) => validation)).toMatchObject(
        rows.map((id) => ({ batchSize: 32, loss: id.startsWith('filip') ? 'own' : 'clip', curve: [{ step: 2 }] })),
      );
      // The study measured with another activation than it trained with, but for the rows of CoCa and FILIP.
      const gelu = cells.filter(({ notes = [] }) => notes.join().includes('measured with the activation gelu'));
      const mismatched = rows.filter((id) => !/^(coca|filip)/.test(id));
      expect(new Set(gelu.map(({ method }) => method))).toEqual(new Set(preset === 'study' ? mismatched : []));
    },
    300_000,
  );
});
