import type { DeclareCommand } from '../command.js';
import { dataInfoCommand } from './data-info.js';
import { dataPhantomsCommand } from './data-phantoms.js';
import { dataShardCommand } from './data-shard.js';
import { dataVerifyCommand } from './data-verify.js';

export const dataCommand: DeclareCommand = (program, done) => {
  const data = program
    .command('data')
    .description('data sets: verify your copies, print data cards, write generated data or shards');
  for (const declare of [dataVerifyCommand, dataInfoCommand, dataPhantomsCommand, dataShardCommand])
    declare(data, done);
};
