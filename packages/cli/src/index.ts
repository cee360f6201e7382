import { main } from './main.js';

process.exitCode = await main(process.argv.slice(2));
// Native engines may keep threads alive; the work is done and every file is written.
process.exit();
