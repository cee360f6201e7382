// node scripts/build-kernels.mjs: compiles packages/data/assembly/resample.ts into packages/data/src/kernels/resample.ts, a
// text that is imported like any other source. To be run after a change of the former; a test compares the two.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const data = fileURLToPath(new URL('../packages/data/', import.meta.url));

/** @returns {Promise<string>} the text of src/kernels/resample.ts */
export async function compiledKernel() {
  let binary;
  const { error, stderr } = await asc.main(
    ['resample.ts', '--baseDir', `${data}assembly`, '--outFile', 'out.wasm']
      .concat(['--runtime', 'stub', '--noAssert', '-O3', '--enable', 'simd', '--use', 'abort='])
      .concat(['--initialMemory', '1']),
    {
      writeFile: (name, content) => {
        if (name.endsWith('.wasm')) binary = content;
      },
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return [
    '// Made by scripts/build-kernels.mjs from assembly/resample.ts. Do not edit.',
    '',
    '/** WebAssembly in base 64. */',
    `export const RESAMPLE_KERNEL =\n  '${Buffer.from(binary).toString('base64')}';`,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(`${data}src/kernels/resample.ts`, await compiledKernel());
}
