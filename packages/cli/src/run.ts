// The entry point of the command: importing this module runs it.
import { main } from './main.js';

// A reader such as `head` may close the pipe before everything is printed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
// Exit explicitly, because native backends may keep threads alive. All files are written at this point.
process.exit();
