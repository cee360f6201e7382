import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../scripts/workspace.mjs';

/** A page of the site as a reader types it: its files, and the lines of its shell blocks in order. */
export interface Tutorial {
  readonly files: Readonly<Record<string, string>>;
  readonly commands: readonly string[];
}

/** Reads a page of docs/ with the parts that it includes. */
export function readPage(file: string): string {
  const text = readFileSync(file, 'utf8');
  return text.replace(/<!--@include: (\S+)-->/g, (_, part: string) => readPage(resolve(dirname(file), part)));
}

/** Extracts code blocks with a file name, such as ```ts [src/index.ts], and the commands of blocks in `sh`. */
export function readTutorial(file: string): Tutorial {
  const files: Record<string, string> = {};
  const commands: string[] = [];
  for (const [, info = '', body = ''] of readPage(file).matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)) {
    const name = info.match(/\[(.+)\]/)?.[1];
    if (name !== undefined) files[name] = body;
    else if (info === 'sh') commands.push(...body.trimEnd().split('\n'));
  }
  return { files, commands };
}

/** Writes the files of a tutorial below a folder. */
export function writeTutorial(dir: string, { files }: Tutorial): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}

const fromTests = createRequire(`${root}tests/package.json`);
const fromWasm = createRequire(`${root}packages/backends-wasm/package.json`);

/** Links the packages that a tutorial installs into `dir/node_modules`: those of the workspace, as a user gets them. */
export function linkPackages(dir: string): void {
  const modules = join(dir, 'node_modules');
  mkdirSync(join(modules, '@medbench'), { recursive: true });
  mkdirSync(join(modules, '@tensorflow'));
  for (const name of readdirSync(`${root}packages`)) {
    if (!existsSync(`${root}packages/${name}/package.json`)) continue;
    symlinkSync(`${root}packages/${name}`, join(modules, name === 'medbench' ? name : `@medbench/${name}`));
  }
  for (const name of ['tsup', 'typescript', 'vitest']) symlinkSync(`${root}node_modules/${name}`, join(modules, name));
  symlinkSync(dirname(fromTests.resolve('@tensorflow/tfjs-core/package.json')), join(modules, '@tensorflow/tfjs-core'));
  symlinkSync(
    dirname(fromWasm.resolve('@tensorflow/tfjs-backend-cpu/package.json')),
    join(modules, '@tensorflow/tfjs-backend-cpu'),
  );
}

const PROGRAMS: Readonly<Record<string, string>> = {
  'npx medbench': `${root}packages/medbench/bin/medbench.js`,
  'npx vitest': `${root}node_modules/vitest/vitest.mjs`,
  'npm run build': `${root}node_modules/tsup/dist/cli-default.js`,
  node: '',
};

/** Commands of tutorials that reach a registry or train for minutes. */
const NOT_RUN = /^(npm install|npm publish|npx medbench (run|new)) /;

/**
 * Runs a command of a tutorial with the programs of the workspace.
 * @returns its output; undefined for a command that is not run in tests.
 * @throws an error with the output if it fails, or if the command is unknown.
 */
export async function runCommand(command: string, cwd: string): Promise<string | undefined> {
  if (NOT_RUN.test(command)) return undefined;
  const program = Object.keys(PROGRAMS).find((name) => command === name || command.startsWith(`${name} `));
  if (program === undefined) throw new Error(`A tutorial has the command "${command}", which no test knows`);
  const words = command.slice(program.length).trim();
  const args = [PROGRAMS[program]!, ...(words === '' ? [] : words.split(' '))].filter((word) => word !== '');
  // Without the variables of the surrounding vitest, and without data folders of the user.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|NODE_OPTIONS|MEDBENCH_DATA)/.test(name)),
  );
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, env });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`"${command}" fails:\n${stdout}${stderr}`);
  }
}
