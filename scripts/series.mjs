// Runs commands of the built medbench one after the other in this process: node series.mjs, with a list of argument
// lists as JSON on stdin. Prints a list of { code, stdout, stderr }. It loads the modules once, which takes most of the
// time of a command that only prints or refuses.
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

const finished = [];
for (const args of JSON.parse(await text(process.stdin))) {
  Object.assign(printed, { stdout: '', stderr: '' });
  const code = await main(args);
  finished.push({ code, ...printed });
}
print(JSON.stringify(finished), () => process.exit());
