import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../scripts/workspace.mjs';
import { selected } from './support/full.js';
import { linkPackages, readTutorial, runCommand, writeTutorial } from './support/tutorial.js';

// The pages "Write a …" work as typed: their files are written to an empty folder, and their commands run there.
const dir = mkdtempSync(join(tmpdir(), 'medbench-tutorials-'));
beforeAll(() => linkPackages(dir));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Each tutorial with a line that each listing must show. */
const TUTORIALS = {
  method: ['clip-views', 'pair-sigmoid'],
  objective: ['alignment'],
  task: ['ward'],
  corpus: ['ward-reports'],
  encoder: ['patch-mlp'],
  protocol: ['neighbours'],
  backend: ['plain'],
} as const;

/** One that trains, and one that reads data. */
const SAMPLE = ['method', 'corpus'];

describe.each(selected('Write a', Object.entries(TUTORIALS), SAMPLE))('Write a %s', (kind, ids) => {
  it('builds, passes the check and is listed', { timeout: 300_000 }, async () => {
    const tutorial = readTutorial(`${root}docs/write/${kind}.md`);
    const folder = join(dir, kind);
    writeTutorial(folder, tutorial);
    const outputs: Record<string, string> = {};
    for (const command of tutorial.commands) {
      const output = await runCommand(command, folder);
      if (output !== undefined) outputs[command] = output;
    }
    const check = Object.entries(outputs).find(([command]) => command.startsWith('npx medbench check'));
    expect(check?.[1]).toMatch(/1 package, 0 faults/);
    // A plugin whose data is missing would be noted, not run.
    expect(check?.[1]).not.toContain('note:');
    for (const id of ids) {
      expect(check?.[1]).toContain(`${kind} "${id}"`);
      for (const [command, output] of Object.entries(outputs))
        if (/^npx medbench (list|data verify)/.test(command)) expect(output).toMatch(new RegExp(`\\b${id}\\b`));
    }
  });
});

it('"Objectives as a library" trains', { timeout: 120_000 }, async () => {
  const tutorial = readTutorial(`${root}docs/library.md`);
  const folder = join(dir, 'library');
  writeTutorial(folder, tutorial);
  const outputs = await Promise.all(tutorial.commands.map((command) => runCommand(command, folder)));
  const [before, after] = outputs
    .join('')
    .match(/\d+\.\d+/g)!
    .map(Number);
  // A loss of log 16 is that of a guess among 16 pairs.
  expect(before).toBeGreaterThan(Math.log(16));
  expect(after).toBeLessThan(before! / 10);
});
