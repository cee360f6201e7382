import { availableParallelism, totalmem } from 'node:os';
import type { Catalogue } from '@medbench/core/catalogue';
import type { BackendReport } from '@medbench/runner';
import pc from 'picocolors';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { FLAG } from '../flags.js';
import { renderMeasured } from '../measured.js';

/** Returns the status of every backend of a catalogue. */
export async function backendReports(catalogue: Catalogue): Promise<BackendReport[]> {
  const [{ inspectBackends }, { openRegistry }] = await Promise.all([
    import('@medbench/runner'),
    import('@medbench/api/workspace'),
  ]);
  return inspectBackends(await openRegistry({ cwd: process.cwd(), catalogue }));
}

/** Runs `medbench doctor`. @returns 0 if a backend works here, else 1. */
async function doctor({ json, config }: { json?: boolean; config?: string }): Promise<number> {
  const { cacheFolder, openWorkspace, readTimes } = await import('@medbench/api/workspace');
  const { catalogue, cwd } = await openWorkspace(process.cwd(), config);
  const reports = await backendReports(catalogue);
  const measured = readTimes(cacheFolder(cwd), reports);
  const chosen = reports.find(({ status }) => status.available)?.entry.id;
  const code = chosen ? EXIT.ok : EXIT.failed;
  if (json) {
    const backends = reports.map(({ entry, status }) => ({ id: entry.id, ...status, chosen: entry.id === chosen }));
    console.log(
      JSON.stringify(
        { node: process.version, cores: availableParallelism(), memory: totalmem(), backends, measured },
        null,
        1,
      ),
    );
    return code;
  }
  console.log(`Node ${process.version}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`);
  for (const { entry, status } of reports) {
    const mark = status.available ? pc.green('works') : pc.yellow('does not work');
    console.log(`\n${pc.bold(entry.id)} (${entry.info.title}): ${mark}${entry.id === chosen ? ', taken by auto' : ''}`);
    console.log(`  ${status.reason}`);
    if (status.remedy) console.log(`  To use it: ${status.remedy}`);
  }
  if (measured.length > 0) {
    console.log('\nMeasured on this machine (medbench plan --measure backends); auto does not read it:');
    for (const step of measured) console.log(`  ${renderMeasured(step, true)}`);
  }
  return code;
}

export const doctorCommand: DeclareCommand = (program, done) => {
  program
    .command('doctor')
    .description('show which backends work here, why others do not, and how to enable them')
    .addOption(FLAG.config())
    .option('--json', 'machine-readable')
    .action(async (options) => done(await doctor(options)));
};
