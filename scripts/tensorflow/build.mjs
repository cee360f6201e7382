// node scripts/tensorflow/build.mjs [--folder .medbench/tensorflow] [--tensorflow 2.21.0] [--nodedir DIR]
//
// Builds native TensorFlow for the backend "tensorflow" where the library that @tensorflow/tfjs-node downloads during
// its installation is out of reach. Compiles the binding against the library inside TensorFlow's wheel from the Python
// registry. Needs python3 with pip, a C++ compiler, make, and about 1.5 GB of disk. Nothing in the workspace needs this
// build.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** The version whose kernels and backend match the workspace's @tensorflow/tfjs-core. */
const TFJS = '4.22.0';
const NODE_GYP = '11.5.0';
/** Version of Node's C interface that tfjs-node expects, and the folder in which it expects its binding. */
const NAPI = 8;

const { values: options } = parseArgs({
  options: {
    folder: { type: 'string', default: '.medbench/tensorflow' },
    /** Version of the wheel tensorflow-cpu. Its C interface has been stable since 2.0. */
    tensorflow: { type: 'string', default: '2.21.0' },
    /** Folder that holds include/node. Default: that of the running Node. */
    nodedir: { type: 'string' },
    python: { type: 'string', default: 'python3' },
  },
});
const folder = resolve(options.folder);
const pack = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');

/** @returns {never} */
function fail(message, hint) {
  console.error(`error  ${message}\n       ${hint}`);
  process.exit(1);
}

/** Runs a command to its end. Its output is shown only if it fails. */
function run(step, command, args, hint, cwd = folder) {
  console.log(step);
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (error) fail(`${command} cannot be started: ${error.message}`, hint);
  if (status !== 0) fail(`${step}: ${command} ended with code ${status}\n${stdout}${stderr}`, hint);
  return stdout;
}

/** Exits with one error, before any download, if a required tool is missing. */
function need(what, command, args, hint) {
  const { status } = spawnSync(command, args, { stdio: 'ignore' });
  if (status !== 0) fail(`${what} is needed: \`${[command, ...args].join(' ')}\` does not work`, hint);
}

if (process.platform !== 'linux')
  fail(
    `Wheels hold the library in this form for Linux, and this is ${process.platform}`,
    `npm install @tensorflow/tfjs-node@${TFJS}`,
  );
need('Python', options.python, ['--version'], 'Install Python 3, or name it by --python.');
need('pip', options.python, ['-m', 'pip', '--version'], 'Install pip for it (on Debian: apt-get install python3-pip).');
// node-gyp reads its compiler from the same variable, which may also hold flags.
const [compiler] = (process.env.CXX || 'g++').split(' ');
need(
  'A C++ compiler',
  compiler,
  ['--version'],
  'Install one (on Debian: apt-get install g++), or name it by the variable CXX.',
);
need('make', 'make', ['--version'], 'Install it (on Debian: apt-get install make).');

const nodedir = resolve(options.nodedir ?? dirname(dirname(process.execPath)));
if (!existsSync(join(nodedir, 'include', 'node', 'node_api.h'))) {
  fail(
    `${nodedir} holds no include/node/node_api.h`,
    'Name the folder of an installed Node with its headers by --nodedir.',
  );
}

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ private: true, name: 'medbench-tensorflow' })}\n`);
run(
  `@tensorflow/tfjs-node ${TFJS}, without its installation script`,
  'npm',
  ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', `@tensorflow/tfjs-node@${TFJS}`],
  'The npm registry has to be reachable.',
);
run(
  `the wheel of tensorflow-cpu ${options.tensorflow}`,
  options.python,
  [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-deps',
    '--only-binary=:all:',
    '--dest=wheel',
    `tensorflow-cpu==${options.tensorflow}`,
  ],
  'The Python registry has to have that version for this machine: see python3 -m pip index versions tensorflow-cpu.',
);
const wheel = readdirSync(join(folder, 'wheel')).find((name) => name.includes(`-${options.tensorflow}-`));
const deps = join(pack, 'deps');
rmSync(deps, { recursive: true, force: true });
mkdirSync(join(deps, 'lib'), { recursive: true });
// Headers: the C interface, and the files of the platform layer that it includes. Their folder differs between
// versions.
run(
  'its library and headers',
  options.python,
  [
    '-c',
    `
import sys, zipfile
wheel, target = sys.argv[1:]
tsl = [root + 'tsl/' + part for root in ('', 'xla/', 'tensorflow/') for part in ('c/', 'platform/')]
headers = tuple('tensorflow/include/' + one for one in ['tensorflow/c/', 'tensorflow/core/platform/', *tsl])
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        name = entry.filename
        if name.startswith(headers) and name.endswith('.h'):
            entry.filename = 'include/' + name[len('tensorflow/include/'):]
        elif name in ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'):
            entry.filename = 'lib/' + name.split('/')[-1]
        else:
            continue
        archive.extract(entry, target)
`,
    join(folder, 'wheel', wheel),
    deps,
  ],
  'The wheel is damaged: delete the folder wheel and start again.',
);
for (const [library, file] of [
  ['libtensorflow.so', 'libtensorflow_cc.so.2'],
  ['libtensorflow_framework.so', 'libtensorflow_framework.so.2'],
]) {
  if (!existsSync(join(deps, 'lib', file))) {
    fail(
      `The wheel ${wheel} has no ${file}`,
      'Wheels have it since version 2.12, for Linux: choose another --tensorflow.',
    );
  }
  symlinkSync(file, join(deps, 'lib', library));
}
run(
  'the binding',
  'npx',
  [
    '--yes',
    `node-gyp@${NODE_GYP}`,
    'rebuild',
    `--nodedir=${nodedir}`,
    '--module_name=tfjs_binding',
    `--module_path=./lib/napi-v${NAPI}`,
    `--napi_build_version=${NAPI}`,
  ],
  'The compiler says above what it misses.',
  pack,
);
mkdirSync(join(pack, 'lib', `napi-v${NAPI}`), { recursive: true });
copyFileSync(
  join(pack, 'build', 'Release', 'tfjs_binding.node'),
  join(pack, 'lib', `napi-v${NAPI}`, 'tfjs_binding.node'),
);
const works = run(
  'a first product on it',
  process.execPath,
  [
    '-e',
    `const tf = require('@tensorflow/tfjs-node');
     const product = tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5], [6]])).arraySync();
     if (JSON.stringify(product) !== '[[17],[39]]' || tf.getBackend() !== 'tensorflow') throw new Error('wrong: ' + product);
     console.log('TensorFlow ' + tf.backend().binding.TF_Version + ', tfjs-node ' + tf.version['tfjs-node'] + ', Node ' + process.version);`,
  ],
  'Please report it as an issue, with what is printed above.',
);
console.log(`${works.trim()}: works.\n\nUse it with\n  export MEDBENCH_TENSORFLOW=${folder}\n  medbench doctor`);
