/* Wrong paths, variables and plugins, as the command meets them. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, medbenchSeries, temporaryFolder } from './support/cli.js';

const folder = temporaryFolder('hostile');
const cwd = folder.path;
afterAll(() => folder.dispose());
const RUN = ['run', '--methods=clip-scratch', '--tasks=pcam', '--data=none'];

describe('a run', () => {
  it('without a name of its folder is refused before it writes anything', async () => {
    const commands = [
      [...RUN, '--out='],
      ['report', ''],
      ['study', 'freeze-depth', '--out', ''],
    ];
    for (const { code, stderr } of await medbenchSeries(commands, { cwd })) {
      expect(code).toBe(2);
      expect(stderr).toMatch(/(--out|<dir>) has an empty value/);
    }
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('in a folder whose path is too long, or with repeated seeds, is refused before it trains', async () => {
    const out = join(...Array.from({ length: 20 }, () => 'x'.repeat(200)));
    const commands = [
      [...RUN, `--out=${out}`],
      [...RUN, '--seed=0,0,0'],
    ];
    const [long, repeated] = await medbenchSeries(commands, { cwd });
    expect(long!.code).toBe(2);
    expect(long!.stderr).toMatch('error  The run folder has a path that is too long for the files of the run');
    expect(long!.stderr.length).toBeLessThan(400);
    expect(repeated!.code).toBe(2);
    expect(repeated!.stderr).toContain('"seeds": holds 0 twice');
  });

  it.runIf(process.platform === 'linux')('whose cache cannot be made names MEDBENCH_CACHE, at once', async () => {
    const { code, stderr } = await medbench(RUN, { cwd, env: { MEDBENCH_CACHE: '/proc/self/cache' } });
    expect(code).toBe(1);
    expect(stderr).toContain('/proc/self/cache cannot be written');
    expect(stderr).toContain('Set MEDBENCH_CACHE to a folder that you may write to');
  });

  // Batch systems kill a job 30 seconds after they have told it to stop.
  it('ends at once if it is told to stop while phantoms are drawn', async () => {
    let told = 0;
    const { code, stderr } = await medbench(['run', '--preset=demo', '--methods=clip', '--out=drawing'], {
      cwd,
      env: { MEDBENCH_CACHE: join(cwd, 'empty-cache') },
      started: (child) =>
        child.stderr?.on('data', (piece) => {
          if (told > 0 || !String(piece).includes('Drawing phantoms')) return;
          told = performance.now();
          child.kill('SIGTERM');
        }),
    });
    expect(performance.now() - told).toBeLessThan(15_000);
    expect(code).toBe(130);
    expect(stderr).toContain('Run the same command again to resume.');
  });

  it('with a password in HF_ENDPOINT leaves it in no file and no message', async () => {
    const { code, stderr, stdout } = await medbench(
      [...RUN, '--set=general.weights=lab/clip', '--methods=clip', '--out=secret'],
      { cwd, env: { HF_ENDPOINT: 'http://user:SECRETPASS@127.0.0.1:9' } },
    );
    expect(code).not.toBe(0);
    expect(stderr + stdout).not.toContain('SECRETPASS');
    const { execFileSync } = await import('node:child_process');
    expect(() => execFileSync('grep', ['-r', 'SECRETPASS', cwd])).toThrow();
  });
});

describe('--no-plugins', () => {
  const mark = join(cwd, 'project', 'ran');
  beforeAll(() => {
    const plugin = join(cwd, 'project', 'node_modules', 'lab-plugin');
    mkdirSync(plugin, { recursive: true });
    const project = { name: 'project', dependencies: { 'lab-plugin': '1' } };
    writeFileSync(join(cwd, 'project', 'package.json'), JSON.stringify(project));
    const manifest = {
      ...{ name: 'lab-plugin', version: '1.0.0', type: 'module', keywords: ['medbench-plugin'] },
      ...{ exports: { '.': './index.js', './package.json': './package.json' }, medbench: { api: 1 } },
    };
    writeFileSync(join(plugin, 'package.json'), JSON.stringify(manifest));
    const code = `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(mark)}, 'x');`;
    writeFileSync(join(plugin, 'index.js'), `${code} export class None {}`);
    writeFileSync(join(cwd, 'project', 'medbench.config.mjs'), `${code} export default {};`);
  });

  it('runs neither plugins nor the configuration of the project', async () => {
    const project = { cwd: join(cwd, 'project'), fresh: true };
    for (const args of [
      ['list', 'methods'],
      ['data', 'verify', '--tasks=pcam'],
      ['plan', '--preset=demo'],
    ]) {
      const { stdout, stderr } = await medbench(['--no-plugins', ...args], project);
      expect(stdout + stderr).not.toContain('lab-plugin');
      expect(stdout).not.toBe('');
    }
    expect((await medbench(['list', 'methods', '--no-plugins'], project)).code).toBe(0);
    expect(existsSync(mark)).toBe(false);
    await medbench(['list', 'methods'], project);
    expect(existsSync(mark)).toBe(true);
  });
});
