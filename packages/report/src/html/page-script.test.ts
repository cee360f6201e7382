import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compiledPageScript } from '../../../../scripts/build-page-script.mjs';

it('PAGE_SCRIPT is the compiled code of browser/', async () => {
  const file = new URL('./page-script.ts', import.meta.url);
  expect(readFileSync(file, 'utf8'), 'run node scripts/build-page-script.mjs').toBe(await compiledPageScript());
});
