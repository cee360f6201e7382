import { Option } from 'commander';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';

/** Runs `medbench report DIR`. */
async function report(dir: string, { format }: { format: string }): Promise<number> {
  const { readResults, renderCsv, renderLatex, renderMarkdown, renderTable, writeReport } = await import(
    '@medbench/report'
  );
  const { html, csv, markdown, latex } = await writeReport(dir);
  console.error(`Wrote ${html}, ${csv}, ${markdown} and ${latex}`);
  const results = await readResults(dir);
  const width = process.stdout.columns ?? 160;
  if (format === 'json') console.log(JSON.stringify(results, null, 1));
  else if (format === 'csv') process.stdout.write(renderCsv(results));
  else if (format === 'latex') process.stdout.write(renderLatex(results));
  else if (format === 'markdown') console.log(renderMarkdown(results));
  else console.log(renderTable(results, { color: process.stdout.isTTY ?? false, width }));
  return EXIT.ok;
}

export const reportCommand: DeclareCommand = (program, done) => {
  program
    .command('report')
    .description('rebuild report.html and results.{csv,md,tex} of a run folder, and print its table')
    .argument('<dir>', 'run folder')
    .addOption(
      new Option('--format <format>', 'what to print')
        .choices(['table', 'markdown', 'latex', 'csv', 'json'])
        .default('table'),
    )
    .addHelpText('after', '\nExample:\n  medbench report runs/demo --format markdown')
    .action(async (dir, options) => done(await report(dir, options)));
};
