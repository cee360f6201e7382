// node scripts/build-page-script.mjs: compiles packages/report/browser into packages/report/src/html/page-script.ts, a
// module that is imported like any other source. Run it after a change of the former; a test compares the two.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const report = fileURLToPath(new URL('../packages/report/', import.meta.url));

/** @returns {Promise<string>} the source text of src/html/page-script.ts */
export async function compiledPageScript() {
  const outDir = mkdtempSync(join(tmpdir(), 'medbench-page-script-'));
  try {
    await build({
      config: false,
      silent: true,
      entry: { page: `${report}browser/index.ts` },
      outDir,
      format: 'iife',
      target: 'es2022',
      platform: 'browser',
      esbuildOptions: (options) => {
        // File names in comments are relative to this folder.
        options.absWorkingDir = `${report}browser`;
      },
    });
    const script = readFileSync(join(outDir, 'page.global.js'), 'utf8');
    if (/<\/script|<!--/i.test(script)) throw new Error('A script in a page may hold neither </script nor <!--');
    return [
      '// Made by scripts/build-page-script.mjs from browser/. Do not edit.',
      '',
      '/** All that runs in the page. */',
      `export const PAGE_SCRIPT = \`${script.replaceAll(/[\\`]|\$\{/g, (found) => `\\${found}`)}\`;`,
      '',
    ].join('\n');
  } finally {
    rmSync(outDir, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(`${report}src/html/page-script.ts`, await compiledPageScript());
}
