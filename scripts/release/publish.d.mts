/**
 * Publishes all packages to npm, those first that others need.
 * @returns the names with versions.
 * @throws Error if the root package.json lacks the owner's links, or npm is too old to log in without a token.
 */
export function publish(options?: {
  /** Packs each and publishes nothing. */
  readonly dryRun?: boolean;
  /** Leaves out the runtimes for other machines. */
  readonly onlyHere?: boolean;
  readonly log?: (line: string) => void;
}): string[];
