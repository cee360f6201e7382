import type { Command } from 'commander';

/** Declares one command and its action on the program. The action calls `done` with its exit code. */
export type DeclareCommand = (program: Command, done: (code: number) => void) => void;
