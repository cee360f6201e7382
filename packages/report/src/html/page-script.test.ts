import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compiledPageScript } from '../../../../scripts/build-page-script.mjs';

it('is what browser/ compiles to', async () => {
  const file = new URL('./page-script.ts', import.meta.url);
  expect(readFileSync(file, 'utf8'), 'run node scripts/build-page-script.mjs').toBe(await compiledPageScript());
});
