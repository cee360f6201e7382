import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFolder, KINDS, nextSteps, ScaffoldError } from './index.js';
import { main } from './main.js';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'medbench-create-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const refusal = (kind: string, name: string, out?: string): ScaffoldError => {
  try {
    createFolder({ kind, name, out, cwd });
  } catch (error) {
    if (error instanceof ScaffoldError) return error;
  }
  throw new Error('the folder was created');
};

/** Runs the command on typed lines. */
async function run(args: readonly string[], typed?: readonly string[]) {
  const texts = { output: '', errors: '' };
  const collect = (name: keyof typeof texts) =>
    new Writable({
      write(chunk, _, done) {
        texts[name] += chunk;
        done();
      },
    });
  const input = typed ? Object.assign(new PassThrough(), { isTTY: true }) : Readable.from([]);
  const output = collect('output');
  const running = main(args, { input, output, errors: collect('errors'), cwd });
  for (const line of typed ?? []) {
    await new Promise((done) => setTimeout(done, 20));
    (input as PassThrough).write(`${line}\n`);
  }
  if (typed) {
    await new Promise((done) => setTimeout(done, 20));
    (input as PassThrough).end();
  }
  return { code: await running, ...texts };
}

describe('createFolder', () => {
  it.each(Object.keys(KINDS))('leaves no name of the template in the folder of kind %s', (kind) => {
    const { folder, files, name } = createFolder({ kind, name: 'odd-name2', cwd });
    expect(folder).toBe(join(cwd, `medbench-${kind}-odd-name2`));
    expect(name).toBe(`medbench-${kind}-odd-name2`);
    const listed = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(listed).toHaveLength(files.length);
    for (const file of files) {
      expect(file).not.toMatch(/template/i);
      if (!file.endsWith('.png')) expect(readFileSync(join(folder, file), 'utf8'), file).not.toMatch(/template.?name/i);
    }
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(manifest.name).toBe(name);
    expect(existsSync(join(folder, '.gitignore'))).toBe(true);
    if (kind === 'study') expect(manifest).toMatchObject({ private: true, dependencies: { medbench: '^0.1.0' } });
    else {
      expect(manifest).toMatchObject({
        keywords: ['medbench-plugin'],
        medbench: { api: 1, entry: '.', info: './dist/medbench.json' },
        peerDependencies: { '@medbench/core': '>=0.1.0 <1' },
      });
      expect(readFileSync(join(folder, 'src/index.ts'), 'utf8')).toMatch(/id: 'odd-name2'[\s\S]*class OddName2 /);
    }
  });

  it('takes versions from the catalog of the repository', () => {
    const { folder } = createFolder({ kind: 'method', name: 'versions', cwd });
    const { peerDependencies, devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const catalog = readFileSync(new URL('../../../pnpm-workspace.yaml', import.meta.url), 'utf8');
    for (const name of ['@tensorflow/tfjs-core', '@types/node', 'tsup', 'typescript', 'vitest']) {
      const [, version] = catalog.match(new RegExp(`\\n  "?${name}"?: (\\S+)`))!;
      expect(devDependencies[name], name).toBe(`^${version}`);
    }
    expect(peerDependencies['@tensorflow/tfjs-core']).toBe(devDependencies['@tensorflow/tfjs-core']);
  });

  it('writes to the named folder if it is empty or missing, and refuses one with files', () => {
    mkdirSync(join(cwd, 'empty'));
    expect(createFolder({ kind: 'control', name: 'one', out: 'empty', cwd }).folder).toBe(join(cwd, 'empty'));
    mkdirSync(join(cwd, 'full'));
    writeFileSync(join(cwd, 'full/notes.txt'), 'mine');
    expect(refusal('control', 'one', 'full')).toMatchObject({
      message: `${join(cwd, 'full')} has files already`,
      hint: expect.stringContaining('--out'),
    });
    expect(readdirSync(join(cwd, 'full'))).toEqual(['notes.txt']);
  });

  it('suggests the nearest kind, and refuses names that npm or medbench would', () => {
    expect(refusal('metod', 'one')).toMatchObject({
      message: 'There is no kind "metod"',
      hint: expect.stringMatching(/^Did you mean "method"\? The kinds are method, objective,/),
    });
    expect(refusal('backend', 'one').hint).toContain('no template');
    for (const [name, better] of [
      ['MyLoss', 'such as my-loss'],
      ['my_loss', 'such as my-loss'],
      ['2nd', 'such as nd'],
      ['a--b', 'such as a-b'],
      ['../up', 'such as up'],
      ['', 'begin with a letter.'],
    ] as const) {
      expect(refusal('method', name)).toMatchObject({ message: `"${name}" is not a name` });
      expect(refusal('method', name).hint).toContain(better);
    }
    expect(refusal('method', 'a'.repeat(200)).message).toContain('has 216 characters; npm allows 214');
  });

  it('says what to do next', () => {
    const text = nextSteps(createFolder({ kind: 'task', name: 'next', cwd }), cwd);
    expect(text).toContain('  cd medbench-task-next\n  npm install\n  npm test');
    expect(text).toContain('npm publish');
    expect(nextSteps(createFolder({ kind: 'study', name: 'next', cwd }), cwd)).not.toContain('publish');
  });
});

describe('npm create medbench', () => {
  it('creates the folder that its arguments name', async () => {
    const { code, output } = await run(['method', 'from-args', '--out', 'chosen']);
    expect([code, output]).toEqual([0, expect.stringContaining('Created medbench-method-from-args (9 files)')]);
    expect(existsSync(join(cwd, 'chosen/src/index.ts'))).toBe(true);
  });

  it('asks in a terminal, until the answers are right', async () => {
    const { code, output } = await run([], ['objektive', 'objective', 'My Loss', 'asked-for']);
    expect(code).toBe(0);
    expect(output).toContain('Did you mean "objective"?');
    expect(output).toContain('such as my-loss');
    expect(existsSync(join(cwd, 'medbench-objective-asked-for/src/index.ts'))).toBe(true);
  });

  it('ends with the input', async () => {
    expect(await run([], ['method'])).toMatchObject({ code: 2, errors: expect.stringContaining('The input ended') });
  });

  it('does not ask without a terminal, and refuses wrong usage with exit code 2', async () => {
    expect(await run([])).toMatchObject({ code: 2, errors: expect.stringContaining('Kind and name are missing') });
    expect(await run(['method'])).toMatchObject({ code: 2 });
    expect(await run(['method', 'a', 'b'])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('two arguments'),
    });
    expect(await run(['--outt', 'x'])).toMatchObject({ code: 2, errors: expect.stringContaining("'--outt'") });
    expect(await run(['method', 'from-args', '--out', 'chosen'])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('has files already'),
    });
  });

  it('prints help and version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect((await run(['--version'])).output).toBe(`${version}\n`);
    const { output } = await run(['--help']);
    for (const kind of Object.keys(KINDS)) expect(output).toContain(`\n  ${kind} `);
  });
});
