import type { Command } from 'commander';

/** Declares one command on the program, with what it runs. `done` takes its exit code. */
export type DeclareCommand = (program: Command, done: (code: number) => void) => void;
