// Runs commands of the built medbench one after the other in this process, because loading and warming up the modules
// takes most of the time of a short command. Two ways:
//   node series.mjs   with a list of argument lists as JSON on stdin; prints a list of { code, stdout, stderr }
//   fork(series.mjs)  takes messages { args, cwd, env } and answers each with { code, stdout, stderr }
import { text } from 'node:stream/consumers';
import { main } from '../packages/cli/dist/index.js';

// A command listens for signals until its process ends.
process.setMaxListeners(0);

const printed = { stdout: '', stderr: '' };
const print = process.stdout.write.bind(process.stdout);
for (const name of ['stdout', 'stderr']) {
  process[name].write = (chunk, encoding, done = encoding) => {
    printed[name] += chunk;
    if (typeof done === 'function') done();
    return true;
  };
}

async function carryOut(args) {
  Object.assign(printed, { stdout: '', stderr: '' });
  const code = await main(args);
  return { code, ...printed };
}

if (process.send) {
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ args, cwd, env }) => {
    const before = { ...process.env };
    process.chdir(cwd);
    Object.assign(process.env, env);
    const finished = await carryOut(args);
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
    process.send(finished);
  });
} else {
  const finished = [];
  for (const args of JSON.parse(await text(process.stdin))) finished.push(await carryOut(args));
  print(JSON.stringify(finished), () => process.exit());
}
