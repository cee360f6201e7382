import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddingFiles, fileId, MedbenchError } from '@medbench/core';
import { fingerprintFiles } from '@medbench/formats';
import { INPUTS_HINT } from './arrays.js';
import { arrayName, MANIFEST, readManifest } from './files.js';
import { openTask } from './task.js';

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Paths of the arrays and the manifest in a folder, without the images and texts that may lie beside them. */
const listArrayFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folder))
    .filter((name) => name === MANIFEST || arrayName(name) !== undefined)
    .map((name) => join(folder, name));

/**
 * See `EmbeddingFiles.open`. With a cache folder, arrays that do not change are hashed once. A folder whose `embeddings.json` names a task may hold that task's arrays directly. */
export const openEmbeddings = async (
  folder: string,
  { cacheRoot }: { readonly cacheRoot?: string } = {},
): ReturnType<EmbeddingFiles['open']> => {
  if (!isFolder(folder)) {
    throw new MedbenchError('usage', `${folder} is no folder of embeddings`, {
      hint: `${existsSync(folder) ? 'It is a file' : 'It does not exist'}. ${INPUTS_HINT}`,
    });
  }
  const ownManifest = await readManifest(folder);
  const subfolders: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (isFolder(join(folder, name)) && (await listArrayFiles(join(folder, name))).length > 0) subfolders.push(name);
  }
  const firstManifest =
    ownManifest ?? (subfolders[0] === undefined ? undefined : await readManifest(join(folder, subfolders[0])));
  const findTaskFolder = (task: string): string => {
    const taskFolder = join(folder, encodeURIComponent(task));
    if (isFolder(taskFolder)) return taskFolder;
    if (ownManifest?.task === task) return folder;
    const instead = ownManifest?.task === undefined ? '' : `, only those of ${ownManifest.task}`;
    throw new MedbenchError('data', `${folder} has no embeddings of ${task}${instead}`, {
      hint: `Put them in ${taskFolder}. ${INPUTS_HINT}`,
    });
  };
  return {
    model: firstManifest?.model,
    tasks: ownManifest?.task === undefined ? subfolders.map(fileId) : [ownManifest.task],
    fingerprint: async (task) =>
      fingerprintFiles(await listArrayFiles(findTaskFolder(task)), cacheRoot === undefined ? {} : { cacheRoot }),
    open: async (task) => openTask(findTaskFolder(task), task),
  };
};
