// The recipes of docs/recipes, each with a small random model of the same architecture. Needs Python with the packages
// that the recipes name; skipped without it.
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResults } from '@medbench/core';
import { writePhantoms } from '@medbench/phantoms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, repository, temporaryFolder } from './support/cli.js';
import { pythonWith, runPython } from './support/python.js';

const python = pythonWith('open_clip', 'transformers', 'timm', 'safetensors');
const medImageInsight = python && pythonWith('MedImageInsights', 'mup', 'einops', 'mpi4py');
const folder = temporaryFolder('recipes');
const cwd = folder.path;
afterAll(() => folder.dispose());

const MODELS = join(repository, 'tests/fixtures/recipes/small_models.py');
const recipe = (name: string) => join(repository, 'docs/recipes', `${name}.py`);
const finish = async (...args: string[]) => {
  const { code, stderr } = await medbench(args, { cwd });
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
};

/** Embeds the inputs with a recipe, compares them with the model's own embeddings, and measures the row. */
async function joins(kind: string, script: string, args: readonly string[], arrays: number): Promise<void> {
  const inputs = `inputs-${kind}`;
  cpSync(join(cwd, 'inputs'), join(cwd, inputs), { recursive: true });
  await runPython(python!, [recipe(script), inputs, ...args, `--name=${kind}`, '--batch=7'], cwd);
  const compared = await runPython(python!, [MODELS, 'check', 'models', `${inputs}/pneumoniamnist`, kind], cwd);
  expect(compared.trim().split('\n').at(-1)).toBe(String(arrays));
  await finish('eval', `--embeddings=${inputs}`, '--data=small', '--set=controls=[]', `--out=run-${kind}`);
  const { cells } = JSON.parse(readFileSync(join(cwd, `run-${kind}`, 'results.json'), 'utf8')) as RunResults;
  expect(cells.map(({ method, protocol, status }) => [method, protocol, status])).toEqual([
    [kind, 'zero-shot', 'ok'],
    [kind, 'linear-probe', 'ok'],
  ]);
}

describe.skipIf(python === undefined)('a recipe embeds as its model does, and its row joins the table:', () => {
  beforeAll(async () => {
    const few = { train: 10, val: 10, test: 10 };
    await writePhantoms(join(cwd, 'small'), {
      counts: {
        phantoms: few,
        shapes: few,
        pneumonia: { train: 24, val: 10, test: 12 },
        vqaRad: { images: 10, train: 10, test: 10 },
        pathVqa: { train: 10, validation: 10, test: 10 },
        classes: few,
        corpora: { train: 10, test: 10 },
      },
    });
    await finish('embed', '--inputs', '--tasks=pneumoniamnist', '--data=small', '--out=inputs');
    await runPython(python!, [MODELS, 'make', 'models'], cwd);
  });

  // Prompts, and images and features of three splits.
  it('open_clip with a tower of timm and a BERT, as BiomedCLIP and Open-PMC-18M', () =>
    joins('biomedclip', 'open_clip_rows', ['--model=local-dir:models/biomedclip'], 7));
  it('open_clip with the towers of CLIP, as BMC-CLIP', () =>
    joins('clip', 'open_clip_rows', ['--model=local-dir:models/clip'], 7));
  it('transformers with SigLIP, as MedSigLIP', () =>
    joins('siglip', 'transformers_rows', ['--model=models/siglip'], 4));
  it('PMC-CLIP', () =>
    joins(
      'pmc',
      'pmc_clip_rows',
      ['--weights=models/pmc', '--text=models/bert', '--layers', '1', '1', '1', '1', '--width=8'],
      4,
    ));
  it.skipIf(medImageInsight === undefined)('MedImageInsight', () =>
    joins('medimageinsight', 'medimageinsight_rows', ['--weights=models/medimageinsight'], 4),
  );
});
