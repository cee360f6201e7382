// node scripts/build-page-script.mjs: compiles packages/report/browser into packages/report/src/html/page-script.ts, and its
// folder live into src/live/live-script.ts: modules that are imported like any other source. Run it after a change of the
// former; a test compares the two.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const report = fileURLToPath(new URL('../packages/report/', import.meta.url));

/** The scripts: what runs them, the entry in browser/, and the module in src/ that holds the compiled code. */
export const SCRIPTS = [
  { name: 'PAGE_SCRIPT', runs: 'in the page', entry: 'index.ts', module: 'html/page-script.ts' },
  {
    name: 'LIVE_SCRIPT',
    runs: 'in the page that follows a run',
    entry: 'live/index.ts',
    module: 'live/live-script.ts',
  },
];

/**
 * @param {(typeof SCRIPTS)[number]} script
 * @returns {Promise<string>} the source text of its module
 */
export async function compiledPageScript({ name, runs, entry }) {
  const outDir = mkdtempSync(join(tmpdir(), 'medbench-page-script-'));
  try {
    await build({
      config: false,
      silent: true,
      entry: { page: `${report}browser/${entry}` },
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
      `/** All that runs ${runs}. */`,
      `export const ${name} = \`${script.replaceAll(/[\\`]|\$\{/g, (found) => `\\${found}`)}\`;`,
      '',
    ].join('\n');
  } finally {
    rmSync(outDir, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const script of SCRIPTS) writeFileSync(`${report}src/${script.module}`, await compiledPageScript(script));
}
