/** The package.json that npm gets. */
export function publishedManifest(
  folder: string,
  manifest: Readonly<Record<string, unknown>>,
  context: {
    readonly version: string;
    readonly catalog: Readonly<Record<string, string>>;
    readonly runtimes: Readonly<Record<string, string>>;
  },
): Record<string, unknown>;

/**
 * Stages all packages as npm publishes them.
 * @returns the folders of the packages.
 * @throws Error if a package is not built, or if `check` is set and the root package.json lacks the owner's links.
 */
export function stage(out: string, options?: { readonly version?: string; readonly check?: boolean }): string[];
