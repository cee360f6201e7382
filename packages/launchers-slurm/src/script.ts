import type { LaunchRequest } from '@medbench/core';
import { type Batch, isArray } from './batches.js';
import { directive, outputPath, shellWord } from './quote.js';
import type { SlurmSettings } from './settings.js';

/** The parts of a request that scripts are made of. */
export interface ScriptInput extends Pick<LaunchRequest, 'command' | 'cwd' | 'env' | 'folder' | 'jobs'> {
  readonly settings: SlurmSettings;
  /** Folder of the scripts and of what the jobs print, absolute. */
  readonly files: string;
  /** Begin of the names of all jobs. */
  readonly label: string;
}

/** A word that stands for the unit until the script is written. */
const UNIT = '\0unit';

/** Name of the jobs of a batch, as `squeue` shows it. */
export const jobName = (label: string, { name }: Batch): string => `${label}-${name}`;

function directives(batch: Batch, { settings, env, files, label, jobs }: ScriptInput): string[] {
  const last = batch.units.length - 1;
  const most = jobs === undefined ? '' : `%${jobs}`;
  const cpus = settings.cpus === 'auto' ? (env.MEDBENCH_THREADS ?? '1') : String(settings.cpus);
  const options: readonly (readonly [option: string, value: string, of?: string])[] = [
    ['job-name', jobName(label, batch)],
    ['output', outputPath(files, isArray(batch) ? `${batch.name}-%a.log` : `${batch.name}.log`), 'The run folder'],
    ['open-mode', 'append'],
    ...(isArray(batch) ? ([['array', `0-${last}${most}`]] as const) : []),
    ['nodes', '1'],
    ['ntasks', '1'],
    ['cpus-per-task', cpus],
    ['mem', settings.mem],
    ['gres', settings.gres],
    ['time', settings.time],
    ['partition', settings.partition],
    ['account', settings.account],
    ['qos', settings.qos],
    ['signal', settings.signal === 0 ? '' : `B:USR1@${settings.signal}`],
  ];
  return [
    ...options
      .filter(([, value]) => value !== '')
      .map(([option, value, of = `launcher.slurm.${option}`]) => directive(option, value, of)),
    '#SBATCH --requeue',
    ...settings.extra
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => `#SBATCH ${line.trim()}`),
  ];
}

/** Returns the command line that carries out `$unit`, in the words of the shell. */
function commandLine({ command, settings, folder }: ScriptInput): string {
  if (settings.medbench !== '') return `${settings.medbench} work --unit "$unit" ${shellWord(folder)}`;
  return command(UNIT)
    .map((word) => (word === UNIT ? '"$unit"' : shellWord(word)))
    .join(' ');
}

/**
 * Writes the batch script of units, for `sbatch` and for people, who may change it and submit it again. Which jobs come
 * before is not part of it, because their numbers are not known until they are submitted.
 * @throws MedbenchError('config') for a setting, ('store') for a run folder, that a script cannot hold.
 */
export function batchScript(batch: Batch, input: ScriptInput): string {
  const { cwd, env, settings } = input;
  const array = isArray(batch);
  const before = [
    `cd ${shellWord(cwd)} || exit 1`,
    ...Object.entries(env).map(([name, value]) => `export ${name}=${shellWord(value)}`),
    ...(settings.setup === '' ? [] : [settings.setup.trimEnd()]),
  ];
  const unit = array
    ? `# Task n of the array carries out the nth unit, from 0. To leave units out, change --array.
units=(
${batch.units.map((id) => `  ${shellWord(id)}`).join('\n')}
)
unit=\${units[SLURM_ARRAY_TASK_ID]}
# Of the last task of an array, SLURM_JOB_ID is the number of the whole array.
job=\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}`
    : `unit=${shellWord(batch.units[0]!)}\njob=$SLURM_JOB_ID`;
  return `#!/bin/bash
# Written by medbench run --launcher slurm. It may be changed and submitted again with sbatch: units that are done are not
# done again.
${directives(batch, input).join('\n')}

${unit}
echo "$(date '+%F %T') $unit: job $job on \${SLURMD_NODENAME:-$HOSTNAME}, start $(( \${SLURM_RESTART_COUNT:-0} + 1 ))"

# Before the time limit SLURM sends USR1 to this script alone: medbench is then told to write a checkpoint and to end. At
# scancel and preemption SLURM sends TERM to medbench itself. The loop below waits for it in spite of these signals.
child=
stop=
trap 'stop=1; signalled=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :' USR1
trap 'signalled=1' TERM

${before.join('\n')}

${commandLine(input)} &
child=$!
[ -z "$stop" ] || kill -TERM "$child" 2>/dev/null || :
while signalled=; code=0; wait "$child" || code=$?; [ -n "$signalled" ]; do :; done

# 130: medbench wrote a checkpoint; 143: it was stopped before it began. The job is queued again if it is to run at all:
# after scancel its state is another one.
if [ "$code" = 130 ] || [ "$code" = 143 ]; then
  if [ "$(squeue --noheader --format=%T --job "$job")" = RUNNING ]; then
    echo "$(date '+%F %T') $unit: stopped, queued again"
    scontrol requeue "$job"
  fi
fi
exit "$code"
`;
}
