import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunResults } from '@medbench/core';
import { parseHTML } from 'linkedom';
import { writeLeaderboard } from '../src/leaderboard/index.js';
import { type MadeRun, writeRunFolder } from './run-folder.mjs';
import { sampleResults } from './sample.js';

export const COLUMNS = [
  { task: 'pneumoniamnist', protocol: 'zero-shot', n: 160, data: 'a', synthetic: false },
  { task: 'pneumoniamnist', protocol: 'linear-probe', n: 160, data: 'a', synthetic: false },
  { task: 'phantom-tissue', protocol: 'zero-shot', n: 120, data: 'b' },
] as const;

type Base = Omit<RunResults, 'cells' | 'training' | 'statistics'>;

/** A folder of run folders and of the sites made of them; `dispose` removes it. */
export class Sites {
  readonly folder = mkdtempSync(join(tmpdir(), 'medbench-board-'));

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Writes a run folder with rows `clip` and `slip` on `COLUMNS`, or as `run` says. @returns its path. */
  run(name: string, run: Partial<MadeRun> = {}, change: (base: Base) => Base = (base) => base): string {
    const path = join(this.folder, name);
    const seeds = run.seeds ?? [0, 1];
    const rows = [
      { id: 'clip', chance: 0.8, parameters: 2_000_000 },
      { id: 'slip', chance: 0.6, parameters: 20_000_000 },
      { id: 'untrained', control: true, chance: 0.5 },
    ];
    writeRunFolder(path, change(sampleResults(seeds)), { seeds, rows, columns: COLUMNS, ...run });
    return path;
  }

  /** Writes a site. */
  async write(sources: readonly string[], name = 'site') {
    const out = join(this.folder, name);
    const written = await writeLeaderboard(sources, { out, title: 'A & B' });
    return { ...written, out, read: (page: string) => readFileSync(join(out, page), 'utf8') };
  }
}

export const parsePage = (text: string) => parseHTML(text).document;
