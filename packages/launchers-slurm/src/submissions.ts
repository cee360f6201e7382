import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomicSync } from '@medbench/core';
import { isActive, type QueuedJob } from './queue.js';

/** A script that was written to be submitted. */
export interface SubmittedScript {
  /** Name of the file. */
  readonly script: string;
  /** Name of its jobs. */
  readonly name: string;
  /** Ids of units. Task n of an array carries out the nth. */
  readonly units: readonly string[];
  /** Number of the job. Absent if it was not submitted, or if that was not written down before a crash. */
  readonly job?: number;
}

/** The scripts of one submission, in a folder of their own. */
export interface Submission {
  /** Absolute path. */
  readonly folder: string;
  readonly scripts: readonly SubmittedScript[];
}

/** A job of a run, and the unit that it carries out. */
export interface UnitJob extends QueuedJob {
  readonly unit: string;
}

const RECORD = 'jobs.json';

/** Lists the folders of submissions, the first first. */
function submissionNumbers(files: string): number[] {
  if (!existsSync(files)) return [];
  return readdirSync(files)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Returns the folder for the next submission, which is not there yet. */
export const nextFolder = (files: string): string => join(files, String((submissionNumbers(files).at(-1) ?? 0) + 1));

/** Reads what was submitted for a run, the first first. A folder without a record has no scripts. */
export function readSubmissions(files: string): Submission[] {
  return submissionNumbers(files).map((number) => {
    const folder = join(files, String(number));
    try {
      return { folder, scripts: JSON.parse(readFileSync(join(folder, RECORD), 'utf8')) as SubmittedScript[] };
    } catch {
      return { folder, scripts: [] };
    }
  });
}

/** Writes down what is being submitted, first without and then with the numbers of the jobs. */
export const writeSubmission = ({ folder, scripts }: Submission): void =>
  writeFileAtomicSync(join(folder, RECORD), `${JSON.stringify(scripts, null, 1)}\n`);

/**
 * Finds the jobs of a run that run or wait. A job belongs to the run if its script does, even if its number was not written
 * down; by its number and name, if the run folder has another path since.
 */
export function jobsOfRun(submissions: readonly Submission[], queue: readonly QueuedJob[]): UnitJob[] {
  const active = queue.filter(isActive);
  return submissions.flatMap(({ folder, scripts }) =>
    scripts.flatMap(({ script, name, units, job: known }) =>
      active
        .filter(
          ({ job, name: named, script: path }) => path === join(folder, script) || (job === known && named === name),
        )
        .flatMap((job) => {
          const unit = units[job.task ?? 0];
          return unit === undefined ? [] : [{ ...job, unit }];
        }),
    ),
  );
}
