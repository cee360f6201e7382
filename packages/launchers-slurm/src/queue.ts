import { MedbenchError } from '@medbench/core';

/** A job, or a task of an array of jobs, that SLURM has or had. */
export interface QueuedJob {
  /** Number of the job; of the whole array, for a task. */
  readonly job: number;
  /** Number of the task in its array. */
  readonly task?: number;
  readonly name: string;
  /** Path of the script, as sbatch was given it. */
  readonly script: string;
  /** SLURM's word, such as `PENDING`. */
  readonly state: string;
  /** Why a job waits, in SLURM's word; empty if it says nothing. */
  readonly reason: string;
  /** Nodes on which it runs; empty if it waits. */
  readonly nodes: string;
}

/** The state of a job whose processes are ending. SLURM 22.05 says so of one that is queued again, too. */
const ENDING = 'COMPLETING';
/** States in which a job runs, or will without anybody's doing. `squeue` also lists jobs that ended minutes ago. */
const ACTIVE = new Set([
  ...['PENDING', 'RUNNING', 'SUSPENDED', 'CONFIGURING', 'RESIZING', 'SIGNALING', 'STAGE_OUT', 'STOPPED'],
  ...['REQUEUED', 'REQUEUE_FED', 'REQUEUE_HOLD', 'RESV_DEL_HOLD', 'SPECIAL_EXIT'],
]);

/** Whether the processes of a job are ending: it has ended, or it will run again. */
export const isEnding = ({ state }: Pick<QueuedJob, 'state'>): boolean => state === ENDING;
/** Whether a job runs, waits to, or is ending. */
export const isActive = (job: Pick<QueuedJob, 'state'>): boolean => ACTIVE.has(job.state) || isEnding(job);

/** A task of a job as users name it: `12` or `12_3`. */
export const jobId = ({ job, task }: Pick<QueuedJob, 'job' | 'task'>): string =>
  task === undefined ? String(job) : `${job}_${task}`;

/** Reads a list of tasks, such as `0-3,7,10-20:5%2`. */
export function parseTasks(list: string): number[] {
  return list
    .replace(/%\d+$/, '')
    .split(',')
    .flatMap((part) => {
      const range = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part.trim());
      if (!range) return [];
      const [first, last, step] = [Number(range[1]), Number(range[2] ?? range[1]), Number(range[3] ?? 1)];
      return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);
    });
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads a number, which newer versions write with a field `set`. */
function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const { set, number } = Object(value) as Fields;
  return set === true && typeof number === 'number' ? number : undefined;
}

const readText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads a state. Newer versions write a list: the state, then what happens to it. */
function readState(value: unknown): string {
  const words = (Array.isArray(value) ? value : [value]).map(readText);
  // With one that says that the job is to run again, it does not matter that it is ending.
  return words.find((word) => ACTIVE.has(word)) ?? words.find((word) => word === ENDING) ?? words[0] ?? '';
}

/**
 * Reads the output of `squeue --json` of SLURM 21.08 and later. Tasks of an array that wait come as one entry, and are
 * returned one by one.
 * @throws MedbenchError('store') if the text is no such output.
 */
export function parseQueue(text: string): QueuedJob[] {
  let jobs: unknown;
  try {
    jobs = (JSON.parse(text) as { readonly jobs?: unknown }).jobs;
  } catch {
    // Below.
  }
  if (!Array.isArray(jobs)) {
    throw new MedbenchError('store', 'squeue --json did not print a list of jobs', {
      hint: 'SLURM 21.08 or later with its JSON plugin is needed; see whether squeue --json works here.',
    });
  }
  return (jobs as readonly Fields[]).flatMap((fields): QueuedJob[] => {
    const array = readNumber(fields.array_job_id) || undefined;
    const job = array ?? readNumber(fields.job_id);
    if (job === undefined) return [];
    const entry = {
      job,
      name: readText(fields.name),
      script: readText(fields.command),
      state: readState(fields.job_state),
      reason: readText(fields.state_reason).replace(/^None$/, ''),
      nodes: readText(fields.nodes),
    };
    if (array === undefined) return [entry];
    const task = readNumber(fields.array_task_id);
    const tasks = task === undefined ? parseTasks(readText(fields.array_task_string)) : [task];
    return tasks.map((one) => ({ ...entry, task: one }));
  });
}
