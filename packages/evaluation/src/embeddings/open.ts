import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddingFiles, MedbenchError } from '@medbench/core';
import { fingerprintFiles } from '@medbench/formats';
import { HOW } from './arrays.js';
import { arrayName, MANIFEST, readManifest } from './files.js';
import { openTask } from './task.js';

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Arrays and their description, without the images and texts that may lie beside them. */
const partsOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder))
    .filter((name) => name === MANIFEST || arrayName(name) !== undefined)
    .map((name) => join(folder, name));

/** See `EmbeddingFiles.open`. A folder of one task, with `embeddings.json`, may hold its arrays itself. */
export const openEmbeddings: EmbeddingFiles['open'] = async (folder) => {
  if (!isFolder(folder)) {
    throw new MedbenchError('usage', `${folder} is no folder of embeddings`, {
      hint: `${existsSync(folder) ? 'It is a file' : 'It does not exist'}. ${HOW}`,
    });
  }
  const own = await readManifest(folder);
  const below: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (isFolder(join(folder, name)) && (await partsOf(join(folder, name))).length > 0) below.push(name);
  }
  const described = own ?? (below[0] === undefined ? undefined : await readManifest(join(folder, below[0])));
  const place = (task: string): string => {
    const at = join(folder, encodeURIComponent(task));
    if (isFolder(at)) return at;
    if (own?.task === task) return folder;
    const instead = own?.task === undefined ? '' : `, but those of ${own.task}`;
    throw new MedbenchError('data', `${folder} has no embeddings of ${task}${instead}`, {
      hint: `Put them in ${at}. ${HOW}`,
    });
  };
  return {
    model: described?.model,
    tasks: own?.task === undefined ? below.map(decodeURIComponent) : [own.task],
    fingerprint: async (task) => fingerprintFiles(await partsOf(place(task))),
    open: async (task) => openTask(place(task), task),
  };
};
