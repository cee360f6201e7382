import type { FileHandle } from 'node:fs/promises';
import { isMedbenchError } from '@medbench/core';
import { openFile, unreadable } from '@medbench/data/files';

/** Idle files are closed to keep at most this many open. */
const MAX_OPEN = 16;
/** Milliseconds without a read after which a file is closed. */
const IDLE_MS = 2000;

/** Files that stay open between reads. */
export interface OpenFiles {
  /**
   * Runs `read` with the file open; `fresh` is true if the file was opened for this call.
   * @throws MedbenchError('data') naming a file that cannot be opened or read, and whatever MedbenchError `read`
   * throws.
   */
  use<T>(file: string, read: (handle: FileHandle, fresh: boolean) => Promise<T>): Promise<T>;
}

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  users: number;
  used: number;
}

/** Opens files when they are read and closes them when they are idle, so that callers need not. */
export function openFiles(): OpenFiles {
  const entries = new Map<string, OpenFile>();
  let scheduled = false;
  const close = (file: string, { handle }: OpenFile): void => {
    entries.delete(file);
    handle.then((opened) => opened.close()).catch(() => undefined);
  };
  const sweep = (): void => {
    scheduled = false;
    const now = performance.now();
    for (const [file, entry] of entries) if (entry.users === 0 && now - entry.used >= IDLE_MS) close(file, entry);
    if (entries.size > 0) schedule();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setTimeout(sweep, IDLE_MS).unref();
  };
  return {
    async use(file, read) {
      let entry = entries.get(file);
      const fresh = !entry;
      if (!entry) {
        entry = { handle: openFile(file), users: 0, used: 0 };
        // The least recently used file goes first: those used lately stand at the end.
        for (const [other, idle] of entries) {
          if (entries.size < MAX_OPEN) break;
          if (idle.users === 0) close(other, idle);
        }
      }
      entries.delete(file);
      entries.set(file, entry);
      entry.users++;
      try {
        return await read(await entry.handle, fresh);
      } catch (cause) {
        // Whatever went wrong, the next read opens the file again. Reads under way end before it is closed.
        if (entries.get(file) === entry) close(file, entry);
        throw isMedbenchError(cause) ? cause : unreadable(file, cause);
      } finally {
        entry.users--;
        entry.used = performance.now();
        schedule();
      }
    },
  };
}

/** Fills the buffer as far as the file reaches. @returns the number of bytes read. */
export async function readFully(handle: FileHandle, buffer: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
