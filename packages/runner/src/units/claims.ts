import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileName } from '@medbench/core';

/**
 * Claims of the processes of one run on its parts. A claim is a folder: making it either succeeds or fails, so only one
 * process gets it.
 */
export class Claims {
  constructor(private readonly folder: string) {}

  /** Removes the claims of earlier processes, and makes the folder of new ones. */
  reset(): void {
    this.remove();
    mkdirSync(this.folder, { recursive: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Claims a part. @returns false if it is claimed already. */
  take(part: string): boolean {
    try {
      mkdirSync(this.#path(part));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  /** Whether a part is claimed. */
  has(part: string): boolean {
    return existsSync(this.#path(part));
  }

  #path(part: string): string {
    return join(this.folder, fileName(part));
  }
}
