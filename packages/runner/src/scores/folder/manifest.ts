import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hashFile, MedbenchError, readSealed } from '@medbench/core';
import { isResultsFile, ResultsLayout } from './layout.js';

/** Size and digest of a file. */
export interface ManifestFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** `manifest.json`: what a results folder holds. */
export interface ResultsManifest {
  readonly format: 'medbench-results';
  readonly version: 1;
  /** All other files by name. */
  readonly files: Readonly<Record<string, ManifestFile>>;
}

const HINT = 'Download it again, or ask whoever passed it on.';

const isFile = (value: unknown): value is ManifestFile => {
  const { bytes, sha256 } = Object(value) as Partial<ManifestFile>;
  return Number.isSafeInteger(bytes) && bytes! >= 0 && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
};

/**
 * Checks a manifest that anybody may have written.
 * @param name its file, for messages.
 * @throws MedbenchError('store') if it is of another format or version, or lists a file that no results folder has.
 */
export function checkManifest(value: unknown, name: string): ResultsManifest {
  const { format, version, files } = Object(value) as Partial<Record<keyof ResultsManifest, unknown>>;
  if (format !== 'medbench-results' || typeof files !== 'object' || files === null) {
    throw new MedbenchError('store', `${name} is not the manifest of a results folder`, { hint: HINT });
  }
  if (version !== 1) {
    throw new MedbenchError('store', `${name} has version ${JSON.stringify(version)}, not 1`, {
      hint: 'Install a version of medbench that reads it.',
    });
  }
  for (const [file, entry] of Object.entries(files)) {
    if (isResultsFile(file) && isFile(entry)) continue;
    throw new MedbenchError(
      'store',
      `${name} lists ${JSON.stringify(file.slice(0, 80))}, which no results folder has`,
      {
        hint: HINT,
      },
    );
  }
  if ('results.json' in files) return value as ResultsManifest;
  throw new MedbenchError('store', `${name} lists no results.json`, { hint: HINT });
}

/** Whether a folder is a results folder: it has a manifest. Run folders have none. */
export const isResultsFolder = (folder: string): boolean => existsSync(new ResultsLayout(folder).manifest);

/** Reads the manifest of a results folder. @throws MedbenchError('store') if it is damaged, or as `checkManifest`. */
export function readManifest(folder: string): ResultsManifest {
  const { manifest } = new ResultsLayout(folder);
  const file = readSealed<unknown>(manifest);
  if (file.state === 'intact') return checkManifest(file.value, manifest);
  throw new MedbenchError('store', `${manifest} is damaged or was changed by hand`, { hint: HINT });
}

/** State of a file of a results folder. `unlisted`: the manifest does not name it. */
export type ManifestState = 'intact' | 'damaged' | 'missing' | 'unlisted';

/** Compares a file with the manifest. */
export async function fileState(folder: string, file: string, manifest: ResultsManifest): Promise<ManifestState> {
  const entry = manifest.files[file];
  if (!entry) return 'unlisted';
  const path = join(folder, file);
  if (!existsSync(path)) return 'missing';
  if (statSync(path).size !== entry.bytes) return 'damaged';
  return (await hashFile(path)) === entry.sha256 ? 'intact' : 'damaged';
}
