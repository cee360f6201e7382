import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compiledPageScript, SCRIPTS } from '../../../../scripts/build-page-script.mjs';

it.each(SCRIPTS)('$name is the compiled code of browser/$entry', async (script) => {
  const file = new URL(`../${script.module}`, import.meta.url);
  expect(readFileSync(file, 'utf8'), 'run node scripts/build-page-script.mjs').toBe(await compiledPageScript(script));
});
