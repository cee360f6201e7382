import { writePackageInfo } from './write-package-info.js';

/** A plugin for several bundlers. Each bundler calls the hook that it knows. */
export interface InfoPlugin {
  readonly name: string;
  /** Hook of esbuild. */
  setup(build: { onEnd(done: (result: { readonly errors: readonly unknown[] }) => Promise<void>): void }): void;
  /**
   * Hook of tsup. Rollup has a hook of the same name, which it calls before it writes files and without `writtenFiles`.
   */
  buildEnd(done?: { readonly writtenFiles?: unknown } | Error): Promise<void>;
  /** Hook of Rollup, Rolldown and Vite. */
  writeBundle(): Promise<void>;
}

/**
 * Bundler plugin that writes the info of a plugin package after each build (`writePackageInfo`). Add
 * `plugins: [medbenchInfo()]` to the configuration of tsup, esbuild, Rollup, Rolldown or Vite.
 * @param dir folder of the package. Default: the working folder of the bundler.
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
