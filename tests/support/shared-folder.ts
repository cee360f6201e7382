import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder for what several test files use. It is empty at first, and removed after the last test. */
    sharedFolder: string;
  }
}

/** Makes the folder that all test files of a test run share: that of the root project, which the others inherit. */
export default function shareFolder(project: TestProject): (() => void) | undefined {
  if (!project.isRootProject()) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'medbench-tests-'));
  project.provide('sharedFolder', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
