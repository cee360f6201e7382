import { writePackageInfo } from './write-package-info.js';

/** A plugin of a bundler: each calls the hook that it knows. */
export interface InfoPlugin {
  readonly name: string;
  /** esbuild. */
  setup(build: { onEnd(done: (result: { readonly errors: readonly unknown[] }) => Promise<void>): void }): void;
  /** tsup; Rollup has a hook of this name too, before anything is written, and gives it no files. */
  buildEnd(done?: { readonly writtenFiles?: unknown } | Error): Promise<void>;
  /** Rollup, Rolldown, Vite. */
  writeBundle(): Promise<void>;
}

/**
 * Writes the info of a plugin package after each build (`writePackageInfo`):
 * `plugins: [medbenchInfo()]` in the configuration of tsup, esbuild, Rollup, Rolldown or Vite.
 * @param dir folder of the package. Default: where the bundler runs.
 */
export function medbenchInfo(dir = process.cwd()): InfoPlugin {
  const write = async (): Promise<void> => {
    await writePackageInfo(dir);
  };
  return {
    name: 'medbench-info',
    setup: (build) => build.onEnd(async ({ errors }) => (errors.length > 0 ? undefined : write())),
    buildEnd: async (done) => (done && 'writtenFiles' in done ? write() : undefined),
    writeBundle: write,
  };
}
