// How each package manager adds packages, without flags. pnpm, bun and yarn come from the registry themselves.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/workspace.mjs';

const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const npx = (spec, command) => ['npx', ['--yes', `--package=${spec}`, command]];

/** `[command, first arguments]` of a package manager, and the file that a project needs to use it. */
export const MANAGERS = {
  npm: { call: ['npm', []], add: 'install' },
  pnpm: { call: npx(packageManager, 'pnpm'), add: 'add' },
  bun: { call: npx('bun@1.3.4', 'bun'), add: 'add' },
  yarn: {
    call: npx('@yarnpkg/cli-dist@4.18.1', 'yarn'),
    add: 'add',
    files: { '.yarnrc.yml': 'nodeLinker: node-modules\n', 'yarn.lock': '' },
  },
  'yarn-pnp': { call: npx('@yarnpkg/cli-dist@4.18.1', 'yarn'), add: 'add', files: { 'yarn.lock': '' } },
};
