import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type EmbeddingFiles,
  type EvaluationModel,
  type Matrix,
  MedbenchError,
  type OpenedEmbeddings,
  type Protocol,
} from '@medbench/core';
import { fingerprintFiles } from '@medbench/data';
import { hashTexts, MANIFEST, readManifest, readMatrix } from './files.js';

/** The scale at which CLIP's training clips it, and where most released models end. */
const LOGIT_SCALE = 100;
const HOW = 'medbench embed --inputs writes the pictures and texts that each array stands for.';

/** Protocols whose arrays are there. Features before the projection may be missing: the joint embedding then stands in. */
function protocolsOf(names: ReadonlySet<string>): Protocol[] {
  const seen = (split: string) => names.has(`${split}.features`) || names.has(`${split}.images`);
  const has = (...all: string[]) => all.every((name) => names.has(name));
  return [
    ...(has('test.images', 'prompts.texts') ? (['zero-shot'] as const) : []),
    ...(seen('train') && seen('test') ? (['linear-probe'] as const) : []),
    ...(has('test.images', 'captions.texts') ? (['retrieval'] as const) : []),
    ...(names.has('all.images') || names.has('questions.texts') ? (['vqa'] as const) : []),
  ];
}

/** Rows of unit length; rows that are so already are not touched, so that what was exported comes back to the bit. */
function unitRows(matrix: Matrix): Matrix {
  const { rows, cols } = matrix;
  let data = matrix.data;
  for (let i = 0; i < rows; i++) {
    let square = 0;
    for (let j = 0; j < cols; j++) square += data[i * cols + j]! ** 2;
    if (Math.abs(square - 1) < 1e-4 || square === 0) continue;
    if (data === matrix.data) data = data.slice();
    for (let j = 0; j < cols; j++) data[i * cols + j]! /= Math.sqrt(square);
  }
  return { rows, cols, data };
}

async function openTask(folder: string, task: string): Promise<OpenedEmbeddings> {
  const manifest = await readManifest(folder);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.npy'));
  const names = new Set(files.map((name) => name.slice(0, -'.npy'.length)));
  const protocols = protocolsOf(names);
  if (protocols.length === 0) {
    throw new MedbenchError('data', `${folder} holds no arrays from which ${task} can be measured`, {
      hint: `${files.length === 0 ? 'It holds no .npy file' : `It holds ${files.join(', ')}`}. ${HOW}`,
    });
  }
  const need = async (name: string, rows: number): Promise<Matrix> => {
    const matrix = await readMatrix(folder, name);
    const file = join(folder, `${name}.npy`);
    if (!matrix) throw new MedbenchError('data', `${file} does not exist`, { hint: HOW });
    if (matrix.rows === rows) return matrix;
    throw new MedbenchError('data', `${file} has ${matrix.rows} rows where ${task} has ${rows}`, { hint: HOW });
  };
  const any = (pattern: RegExp) => [...names].some((name) => pattern.test(name));
  const [images, texts] = [any(/\.(images|features)$/), any(/\.texts$/)];
  const model: EvaluationModel = {
    id: manifest?.model ?? folder,
    can: manifest?.can ?? { images, texts, joint: texts && any(/\.images$/) },
    logitScale: manifest?.logitScale ?? LOGIT_SCALE,
    embedImages: async ({ length }, as = 'images') => unitRows(await need(`${as}.images`, length)),
    imageFeatures: ({ length }, as = 'images') =>
      need(names.has(`${as}.features`) ? `${as}.features` : `${as}.images`, length),
    async embedTexts(given, as = 'texts') {
      const hash = manifest?.texts?.[`${as}.texts`];
      if (hash !== undefined && hash !== hashTexts(given)) {
        throw new MedbenchError('data', `${join(folder, `${as}.texts.npy`)} was made of other texts`, { hint: HOW });
      }
      return unitRows(await need(`${as}.texts`, given.length));
    },
  };
  const notes = [
    ...(manifest?.logitScale === undefined ? [`no logit scale given: ${LOGIT_SCALE} is taken for probabilities`] : []),
    ...(protocols.includes('linear-probe') && !any(/\.features$/)
      ? ['probe on joint embeddings: no features given']
      : []),
  ];
  return { model, protocols, notes };
}

/** See `EmbeddingFiles.open`. A folder of one task may hold its arrays itself. */
export const openEmbeddings: EmbeddingFiles['open'] = async (folder) => {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new MedbenchError('usage', `${folder} is no folder of embeddings`, { hint: HOW });
  }
  const first = (await readdir(folder))
    .map((name) => join(folder, name))
    .find((one) => existsSync(join(one, MANIFEST)));
  const own = await readManifest(folder);
  const described = own ?? (first === undefined ? undefined : await readManifest(first));
  const place = (task: string): string => {
    const below = join(folder, encodeURIComponent(task));
    if (existsSync(below)) return below;
    if (own?.task === task) return folder;
    throw new MedbenchError('data', `${folder} has no embeddings of ${task}`, { hint: `Put them in ${below}. ${HOW}` });
  };
  return {
    model: described?.model,
    fingerprint: async (task) => fingerprintFiles([place(task)]),
    open: async (task) => openTask(place(task), task),
  };
};
