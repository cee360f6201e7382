// Runs a script of the root package.json with the pnpm version that it pins, so that a machine needs nothing but Node.
// The pnpm on PATH is used only if it has that version.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const { packageManager } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const version = packageManager.split('@')[1];
const shell = process.platform === 'win32';
const env = { ...process.env, npm_config_verify_deps_before_run: 'false' };
const installed = spawnSync('pnpm', ['--version'], { encoding: 'utf8', shell, cwd: root, env });
const [command, ...prefix] =
  installed.status === 0 && installed.stdout.trim() === version ? ['pnpm'] : ['npx', '--yes', packageManager];
const done = spawnSync(command, [...prefix, 'run', ...process.argv.slice(2)], {
  stdio: 'inherit',
  shell,
  cwd: root,
  env,
});
if (done.error) {
  console.error(
    `Could not start pnpm ${version}: ${done.error.message}. Install Node 20 or newer with npm, then try again.`,
  );
}
process.exit(done.status ?? 1);
