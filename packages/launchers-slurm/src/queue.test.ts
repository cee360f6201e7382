import { describe, expect, it } from 'vitest';
import { isActive, isEnding, jobId, parseQueue, parseTasks } from './queue.js';

/** Output of squeue of SLURM 22.05.8 for an array of five of which two had started, without the fields that are not read. */
const OLD = {
  jobs: [
    {
      ...{ job_id: 3, array_job_id: 2, array_task_id: 0, array_task_string: '', job_state: 'RUNNING' },
      ...{ state_reason: 'None', command: "/runs/a'b%x/rows.sh", name: 'medbench-a', nodes: 'n1' },
    },
    {
      ...{ job_id: 4, array_job_id: 2, array_task_id: 1, array_task_string: '', job_state: 'COMPLETED' },
      ...{ state_reason: 'None', command: "/runs/a'b%x/rows.sh", name: 'medbench-a', nodes: 'n2' },
    },
    {
      ...{ job_id: 2, array_job_id: 2, array_task_id: null, array_task_string: '2-3,7', job_state: 'PENDING' },
      ...{ state_reason: 'Resources', command: "/runs/a'b%x/rows.sh", name: 'medbench-a', nodes: '' },
    },
  ],
};

/** The same fields as version 0.0.40 of SLURM's data parser defines them (SLURM 23.11 and later). */
const number = (value?: number) => ({ set: value !== undefined, infinite: false, number: value ?? 0 });
const NEW = {
  jobs: [
    {
      ...{
        job_id: 3,
        array_job_id: number(2),
        array_task_id: number(0),
        array_task_string: '',
        job_state: ['RUNNING'],
      },
      ...{ state_reason: 'None', command: "/runs/a'b%x/rows.sh", name: 'medbench-a', nodes: 'n1' },
    },
    {
      ...{ job_id: 4, array_job_id: number(2), array_task_id: number(1), array_task_string: '' },
      ...{ job_state: ['COMPLETED'], state_reason: 'None' },
      ...{ command: "/runs/a'b%x/rows.sh", name: 'medbench-a', nodes: 'n2' },
    },
    {
      ...{ job_id: 2, array_job_id: number(2), array_task_id: number(), array_task_string: '2-3,7' },
      ...{ job_state: ['PENDING'], state_reason: 'Resources' },
      ...{ command: "/runs/a'b%x/rows.sh", name: 'medbench-a', nodes: '' },
    },
  ],
};

describe('the queue', () => {
  it.each([
    ['22.05', OLD],
    ['23.11', NEW],
  ])('is read as SLURM %s prints it, task by task', (_, printed) => {
    const jobs = parseQueue(JSON.stringify(printed));
    expect(jobs.map((job) => [jobId(job), job.state, job.reason, job.nodes, isActive(job)])).toEqual([
      ['2_0', 'RUNNING', '', 'n1', true],
      ['2_1', 'COMPLETED', '', 'n2', false],
      ['2_2', 'PENDING', 'Resources', '', true],
      ['2_3', 'PENDING', 'Resources', '', true],
      ['2_7', 'PENDING', 'Resources', '', true],
    ]);
    expect(new Set(jobs.map(({ script, name }) => `${script} ${name}`))).toEqual(
      new Set(["/runs/a'b%x/rows.sh medbench-a"]),
    );
  });

  it.each([
    [{ job_id: 7, array_job_id: 0, array_task_id: null }, '7'],
    [{ job_id: 7, array_job_id: number(0), array_task_id: number() }, '7'],
  ])('has jobs that are no arrays: %j', (job, id) => {
    expect(parseQueue(JSON.stringify({ jobs: [{ ...job, job_state: 'PENDING' }] })).map(jobId)).toEqual([id]);
  });

  it.each([
    [
      ['COMPLETING', 'REQUEUED'],
      [true, false],
    ],
    [
      ['CANCELLED', 'COMPLETING'],
      [true, true],
    ],
    ['COMPLETING', [true, true]],
    ['FAILED', [false, false]],
  ])('says whether a job is there, and whether it is ending: %j', (state, said) => {
    const [job] = parseQueue(JSON.stringify({ jobs: [{ job_id: 7, job_state: state }] }));
    expect([isActive(job!), isEnding(job!)]).toEqual(said);
  });

  it.each(['', 'squeue: error: no serializer', '{}', '{"jobs": null}'])('must be a list: %j', (text) => {
    expect(() => parseQueue(text)).toThrow('squeue --json did not print a list of jobs');
  });

  it.each([
    ['0', [0]],
    ['0-3', [0, 1, 2, 3]],
    ['1,5-6%2', [1, 5, 6]],
    ['0-10:5', [0, 5, 10]],
    ['', []],
  ])('names tasks as %j', (list, tasks) => {
    expect(parseTasks(list)).toEqual(tasks);
  });
});
