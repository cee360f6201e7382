import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder for what several test files use. It is empty at first, and removed after the last test. */
    sharedFolder: string;
  }
}

/** A file system in memory, where Linux has one. */
const MEMORY = '/dev/shm';
/**
 * Bytes that the file system in memory must have free, and the machine. The temporary files of the tests take up to half
 * a GiB.
 */
const [ROOM, FREE_MEMORY] = [6 * 2 ** 30, 12 * 2 ** 30];
const PREFIX = 'medbench-tests-';
const STALE_MS = 6 * 3_600_000;

/**
 * Makes the folder that all test files of a test run share: that of the root project, which the others inherit. It is
 * also the parent of the temporary folders that tests and commands make. It lies in memory where there is room and TMPDIR
 * asks for no other place, because tests write some hundred thousand small files.
 */
export default function shareFolder(project: TestProject): (() => void) | undefined {
  if (!project.isRootProject()) return undefined;
  const inMemory = process.env.TMPDIR === undefined && memoryHasRoom();
  if (inMemory) removeLeftovers();
  const folder = mkdtempSync(join(inMemory ? MEMORY : tmpdir(), PREFIX));
  process.env.TMPDIR = folder;
  project.provide('sharedFolder', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}

function memoryHasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM && freemem() >= FREE_MEMORY;
  } catch {
    return false;
  }
}

/** Removes the folders of test runs that were killed: those in which nothing was made for hours. */
function removeLeftovers(): void {
  for (const name of readdirSync(MEMORY)) {
    const path = join(MEMORY, name);
    if (!name.startsWith(PREFIX) || Date.now() - statSync(path).mtimeMs < STALE_MS) continue;
    rmSync(path, { recursive: true, force: true });
  }
}
