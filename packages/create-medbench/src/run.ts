// The entry point of the command: importing this module runs it.
import { main } from './main.js';

const { stdin: input, stdout: output, stderr: errors } = process;
process.exitCode = await main(process.argv.slice(2), { input, output, errors, cwd: process.cwd() });
