import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Test files that take longest: first those with a process each, then those that share one. Each kind longest first. */
const LONGEST = [
  'tests/slurm',
  'tests/xla-training',
  'tests/methods',
  'tests/examples',
  'tests/fuzz',
  'packages/protocols-fine-tuned-vqa/src/measure',
  'tests/presets',
  'tests/plan-costs',
  'tests/watch',
  'tests/validation-corpus',
  'tests/weights',
  'tests/memory',
  'tests/validation',
  'tests/sums',
  'tests/site',
  'tests/resume',
  'tests/embeddings',
  'tests/jobs',
  'tests/study',
  'tests/front-door',
  'tests/tasks',
  'tests/cli',
  'tests/scaffold',
  'tests/fine-tuned-vqa',
  'tests/tutorials',
  'tests/damaged-state',
  'tests/content-keys',
  'tests/study-tasks',
  'tests/data-verify',
  'tests/leaks',
  'tests/check',
].map((path) => `/${path}.test.ts`);

const place = ({ moduleId }: TestSpecification): number => {
  const found = LONGEST.findIndex((path) => moduleId.endsWith(path));
  return found === -1 ? LONGEST.length : found;
};

/**
 * Starts the longest files first, so that no core is idle while the last file runs. A fresh clone knows no durations. Files
 * that share a process follow each other, so that it need not be started twice; the short ones among them come last of all.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const order = ['isolated', 'computing', 'shared'];
    const project = (file: TestSpecification): number => order.indexOf(file.project.name);
    return sorted.toSorted((a, b) => project(a) - project(b) || place(a) - place(b));
  }
}
