import { Verification, type VerifiedFile } from '@medbench/runner';
import { type ViewRunOptions, viewRun } from './view-run.js';

/** What `verifyRun` compares a run folder with. */
export type VerifyRunOptions = ViewRunOptions;

/**
 * Says of all weights and cells of a run folder whether they follow from the data, the plugins and the settings that are
 * there now, and whether they hold what was written. Reads data that have changed since they were last hashed.
 * @throws MedbenchError('usage') if the folder is not that of a run; others if its data or plugins are not there.
 */
export async function verifyRun(dir: string, options: VerifyRunOptions = {}): Promise<VerifiedFile[]> {
  const { container } = await viewRun(dir, options);
  return container.get(Verification).execute();
}
