// Writes the files of packages that are made from other sources: the JSON Schema of the configuration, and the ranges
// of packages outside medbench for a new folder. Part of the build.
import { writeFileSync } from 'node:fs';
import { readCatalog } from './release/stage.mjs';
import { root } from './workspace.mjs';

const { configJsonSchema } = await import('../packages/runner/dist/index.js');
const writeJson = (file, value) => writeFileSync(`${root}${file}`, `${JSON.stringify(value, null, 2)}\n`);

writeJson('packages/medbench/schema.json', configJsonSchema());

/** Packages outside medbench that the package.json of a new folder may name. */
const NAMED = ['@tensorflow/tfjs-core', '@types/node', 'tsup', 'typescript', 'vitest'];
const catalog = readCatalog();
writeJson(
  'packages/create-medbench/dist/ranges.json',
  Object.fromEntries(NAMED.map((name) => [name, `^${catalog[name]}`])),
);
