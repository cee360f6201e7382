// The process of the command: importing this runs it.
import { main } from './main.js';

// A reader such as `head` may go before all is printed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
// Native backends may keep threads alive; the work is done and every file is written.
process.exit();
