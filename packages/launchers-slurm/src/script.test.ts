import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { makeBatches } from './batches.js';
import { directive, shellWord } from './quote.js';
import { batchScript, type ScriptInput } from './script.js';

const SETTINGS: ScriptInput['settings'] = {
  ...{ partition: '', gres: '', time: '', signal: 120, account: '', qos: '', mem: '', cpus: 'auto' },
  ...{ extra: '', setup: '', medbench: '' },
};
const input = (settings: Partial<ScriptInput['settings']> = {}, more: Partial<ScriptInput> = {}): ScriptInput => ({
  ...{ settings: { ...SETTINGS, ...settings }, files: '/runs/a/launcher/slurm/1', folder: '/runs/a', cwd: '/home/u' },
  ...{ label: 'medbench-a', env: { MEDBENCH_THREADS: '2' } },
  command: (unit) => ['/usr/bin/node', '/opt/medbench.js', 'work', '--unit', unit!, '/runs/a'],
  ...more,
});
const [rows] = makeBatches(['clip:0', "it's $HOME:1"].map((id) => ({ id, needs: [] })));
const [general] = makeBatches([
  { id: 'general', needs: [] },
  { id: 'clip:0', needs: ['general'] },
]);

const optionsOf = (script: string): string[] =>
  script.split('\n').flatMap((line) => (line.startsWith('#SBATCH') ? [line.slice('#SBATCH '.length)] : []));

describe('a batch script', () => {
  it('asks for one node, the threads of the run, a signal before the end and another start', () => {
    expect(optionsOf(batchScript(general!, input()))).toEqual([
      '--job-name=medbench-a-general',
      '--output=/runs/a/launcher/slurm/1/general.log',
      '--open-mode=append',
      '--nodes=1',
      '--ntasks=1',
      '--cpus-per-task=2',
      '--signal=B:USR1@120',
      '--requeue',
    ]);
  });

  it('has an option for each setting', () => {
    const settings = {
      ...{ partition: 'a100,a40', gres: 'gpu:1', time: '04:00:00', signal: 60, account: 'lab', qos: 'normal' },
      ...{ mem: '16G', cpus: 8, extra: '--constraint=a100 --exclude=n3\n--mail-type=FAIL' },
    };
    expect(optionsOf(batchScript(rows!, input(settings, { jobs: 4 })))).toEqual([
      '--job-name=medbench-a-rows',
      '--output=/runs/a/launcher/slurm/1/rows-%a.log',
      '--open-mode=append',
      '--array=0-1%4',
      '--nodes=1',
      '--ntasks=1',
      '--cpus-per-task=8',
      '--mem=16G',
      '--gres=gpu:1',
      '--time=04:00:00',
      '--partition=a100,a40',
      '--account=lab',
      '--qos=normal',
      '--signal=B:USR1@60',
      '--requeue',
      '--constraint=a100 --exclude=n3',
      '--mail-type=FAIL',
    ]);
    expect(optionsOf(batchScript(rows!, input({ signal: 0 })))).not.toContainEqual(expect.stringContaining('signal'));
  });

  it('passes paths, ids and settings through the shell as they are', () => {
    const folder = `/tmp/it's a "run" of $USER\nand %more`;
    const printing = 'process.stdout.write(JSON.stringify([process.cwd(), process.env.A, ...process.argv.slice(1)]))';
    const script = batchScript(
      rows!,
      input({}, { cwd: '/', env: { A: folder }, command: (unit) => [process.execPath, '-e', printing, unit!, folder] }),
    );
    const env = { ...process.env, SLURM_ARRAY_TASK_ID: '1', SLURM_ARRAY_JOB_ID: '7' };
    const printed = execFileSync('bash', ['-c', script], { env, encoding: 'utf8' });
    expect(JSON.parse(printed.slice(printed.indexOf('[')))).toEqual(['/', folder, "it's $HOME:1", folder]);
    expect(printed).toContain("it's $HOME:1: job 7_1 on");
  });

  it('calls medbench as a setting says, after the lines of another', () => {
    const script = batchScript(
      general!,
      input({ setup: 'medbench() { echo called "$@"; }', medbench: 'medbench --debug' }, { cwd: '/' }),
    );
    const env = { ...process.env, SLURM_JOB_ID: '7' };
    const printed = execFileSync('bash', ['-c', script], { env, encoding: 'utf8' });
    expect(printed).toContain('called --debug work --unit general /runs/a\n');
  });

  it('ends with the exit code of medbench', () => {
    const script = batchScript(general!, input({ medbench: 'exit 3 #' }, { cwd: '/' }));
    expect(() => execFileSync('bash', ['-c', script], { stdio: 'ignore' })).toThrow(
      expect.objectContaining({ status: 3 }),
    );
  });

  it.each([
    ['launcher.slurm.time', input({ time: '1\n2' })],
    ['The run folder', input({}, { files: '/runs/a\nb' })],
    ['/runs/a\\b', input({}, { files: '/runs/a\\b' })],
  ])('cannot hold some values: %s', (name, faulty) => {
    expect(() => batchScript(general!, faulty)).toThrow(name);
  });
});

describe('quotes', () => {
  it.each([
    ['plain:a=1,b', 'plain:a=1,b'],
    ["it's", "'it'\\''s'"],
    ['', "''"],
  ])('a word for the shell: %j', (word, quoted) => {
    expect(shellWord(word)).toBe(quoted);
  });

  // As sbatch reads it: tests/slurm.test.ts submits such paths.
  it('a value for sbatch', () => {
    expect(directive('output', 'a "b" \\ $c', 'x')).toBe('#SBATCH --output="a \\"b\\" \\\\ $c"');
  });
});
