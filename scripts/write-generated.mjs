// Writes the files of packages that are made from other sources: the JSON Schema of the configuration. Part of the
// build.
import { writeFileSync } from 'node:fs';
import { root } from './workspace.mjs';

const { configJsonSchema } = await import('../packages/runner/dist/index.js');
const writeJson = (file, value) => writeFileSync(`${root}${file}`, `${JSON.stringify(value, null, 2)}\n`);

writeJson('packages/medbench/schema.json', configJsonSchema());
