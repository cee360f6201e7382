import type { ExportOptions } from '@medbench/api';
import { Option } from 'commander';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { parseCount, parseSeeds } from '../flags.js';

/** Runs `medbench export`. */
async function exportWeights(dir: string, options: ExportOptions): Promise<number> {
  const { exportRow } = await import('@medbench/api');
  const { files, difference } = await exportRow(dir, options);
  for (const written of files) console.log(written);
  if (difference !== undefined) {
    console.error(
      `It gives the same embeddings as medbench (largest relative difference ${difference.toExponential(1)}).`,
    );
  }
  return EXIT.ok;
}

export const exportCommand: DeclareCommand = (program, done) => {
  program
    .command('export')
    .description('export the weights that a run trained, or one tower as an ONNX file, for use elsewhere')
    .argument('<dir>', 'run folder')
    .requiredOption('--method <id>', 'row of the table, or general for the general-domain weights')
    .requiredOption('--out <dir>', 'folder for the files')
    .option('--seed <n>', 'seed of the row', (value) => parseSeeds(value)[0], 0)
    .addOption(new Option('--tower <tower>', 'only this tower').choices(['image', 'text']))
    .addOption(
      new Option(
        '--format <format>',
        'safetensors: weights (default); onnx: a graph with its weights, checked against medbench',
      ).choices(['safetensors', 'onnx']),
    )
    .addOption(
      new Option('--layout <layout>', 'safetensors: naming scheme of the tensors (default: open_clip)').choices([
        'open_clip',
        'hugging-face',
      ]),
    )
    .option('--batch <n>', 'onnx: fixed batch size (default: any)', parseCount)
    .addHelpText(
      'after',
      `
Examples:
  medbench export runs/demo --method clip --layout hugging-face --out clip-hf
  medbench export runs/demo --method clip --tower image --format onnx --out clip-onnx`,
    )
    .action(async (dir, options) => done(await exportWeights(dir, options)));
};
