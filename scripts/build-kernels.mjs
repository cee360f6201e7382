// node scripts/build-kernels.mjs: compiles packages/<package>/assembly/<name>.ts into
// packages/<package>/src/kernels/<name>.ts, a module that is imported like any other source. Run it after a change of
// the former; a test compares the two.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const KERNELS = [
  ['data', 'jpeg'],
  ['data', 'resample'],
  ['evaluation', 'adamw'],
  ['evaluation', 'counting'],
  ['evaluation', 'products'],
  ['evaluation', 'triangular'],
];

const folder = (name) => fileURLToPath(new URL(`../packages/${name}/`, import.meta.url));

/** @returns {Promise<string>} the source text of src/kernels/<name>.ts */
export async function compiledKernel(packageName, name) {
  let binary;
  const { error, stderr } = await asc.main(
    [`${name}.ts`, '--baseDir', `${folder(packageName)}assembly`, '--outFile', 'out.wasm']
      .concat(['--runtime', 'stub', '--noAssert', '-O3', '--enable', 'simd', '--use', 'abort='])
      .concat(['--initialMemory', '1']),
    {
      writeFile: (file, content) => {
        if (file.endsWith('.wasm')) binary = content;
      },
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return [
    `// Made by scripts/build-kernels.mjs from assembly/${name}.ts. Do not edit.`,
    '',
    '/** WebAssembly in base 64. */',
    `export const ${name.toUpperCase()}_KERNEL =\n  '${Buffer.from(binary).toString('base64')}';`,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [packageName, name] of KERNELS) {
    writeFileSync(`${folder(packageName)}src/kernels/${name}.ts`, await compiledKernel(packageName, name));
  }
}
