/**
 * Stages all packages as npm publishes them.
 * With `onlyHere`, of the runtimes only the one for this machine.
 * @returns the folders of the packages.
 * @throws Error if a package is not built, or if `check` is set and the root package.json lacks the owner's links.
 */
export function stage(
  out: string,
  options?: { readonly version?: string; readonly check?: boolean; readonly onlyHere?: boolean },
): string[];
/** Returns the versions of packages outside medbench, by name: the catalog of pnpm-workspace.yaml. */
export function readCatalog(): Readonly<Record<string, string>>;

/** @returns what to set in the root package.json before a release; undefined if nothing is missing. */
export function missingLinks(): string | undefined;
