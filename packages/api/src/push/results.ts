import { errorMessage, MedbenchError, type TaskPrompts } from '@medbench/core';
import { leftOut, writeResultsFolder } from '@medbench/hub';
import { readResults } from '@medbench/report';
import { encodeSplits, findScores, TaskData } from '@medbench/runner';
import { type ViewedRun, type ViewRunOptions, viewRun } from '../view-run.js';
import { checkTarget, type Pushed, type PushOptions, sendOutgoing } from './outgoing.js';
import { localPaths } from './paths.js';

/** Which results to push, and where to. */
export interface PushResultsOptions extends PushOptions, Pick<ViewRunOptions, 'data' | 'config'> {
  /** Whether to list the digests of all images of the tasks, which reads them. Default true. */
  readonly splits?: boolean | undefined;
}

/** Splits and prompts of the tasks of a run, read with their plugins. */
interface TaskFiles {
  readonly splits: Record<string, Uint8Array>;
  readonly prompts: Record<string, TaskPrompts>;
}

/**
 * Reads splits and prompts.
 * @throws MedbenchError('data') naming the task whose data is not there.
 */
async function readTasks({ plan, registry, container }: ViewedRun, options: PushResultsOptions): Promise<TaskFiles> {
  const { splits: wanted = true, log = () => {} } = options;
  const read: TaskFiles = { splits: {}, prompts: {} };
  const data = container.get(TaskData);
  for (const entry of plan.tasks) {
    const { id, info } = entry;
    const task = await registry.get('task', id);
    const context = data.context(entry, plan.config.seeds[0]!);
    const { classes, phrases = classes, templates } = info;
    const own = templates && { classes, phrases, templates };
    try {
      // The prompts of a task may depend on its data.
      const prompts = task.prompts ? await task.prompts(context) : own;
      if (prompts && prompts.templates.length > 0) read.prompts[id] = prompts;
      if (!wanted || !task.images) continue;
      log(`${id}: digests of its images`);
      read.splits[id] = await encodeSplits(await task.images(context));
    } catch (cause) {
      if (!wanted) {
        log(`${id}: its prompts are left out, because its data is not there`);
        continue;
      }
      throw new MedbenchError('data', `The splits of ${id} cannot be read: ${errorMessage(cause)}`, {
        hint: 'Name the folder of the data sets with --data, or leave the splits out with --no-splits.',
        cause,
      });
    }
  }
  return read;
}

export async function pushResults(dir: string, options: PushResultsOptions): Promise<Pushed> {
  const { repository, licence, data, config, cwd, log } = options;
  checkTarget(options);
  const viewed = await viewRun(dir, { data, config, cwd, ...(log ? { log } : {}) });
  const results = await readResults(viewed.folder);
  const find = await findScores(viewed.folder, results);
  const paths = localPaths(viewed, viewed.dataRoot);
  return sendOutgoing(
    {
      kind: 'dataset',
      title: `Results of run ${results.run.id}`,
      paths,
      leftOut: leftOut(results, 'dataset'),
      write: async (folder) =>
        writeResultsFolder(
          folder,
          { results, find, paths, ...(await readTasks(viewed, options)) },
          { repository, licence },
        ),
    },
    options,
  );
}
