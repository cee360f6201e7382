import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Test files that take longest, longest first. They start commands and train. */
const LONGEST = [
  'resume',
  'methods',
  'site',
  'jobs',
  'examples',
  'embeddings',
  'study',
  'front-door',
  'cli',
  'validation',
  'scaffold',
  'weights',
  'tasks',
  'fuzz',
  'sums',
  'presets',
  'tutorials',
  'study-tasks',
  'leaks',
  'check',
].map((name) => `/tests/${name}.test.ts`);

const place = ({ moduleId }: TestSpecification): number => {
  const found = LONGEST.findIndex((path) => moduleId.endsWith(path));
  return found === -1 ? LONGEST.length : found;
};

/** Starts the longest files first, so that no core is idle while the last file runs. A fresh clone knows no durations. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}
