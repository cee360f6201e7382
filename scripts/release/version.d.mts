/**
 * Gives all packages of a checkout the next version, and moves the changesets to the changelog.
 * @returns the version; undefined if there is no changeset.
 * @throws Error naming a changeset that asks for no release.
 */
export function applyChangesets(root?: string, date?: Date): string | undefined;
