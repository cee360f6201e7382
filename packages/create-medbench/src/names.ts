import { distance } from 'fastest-levenshtein';
import { ScaffoldError } from './error.js';
import { type FolderKind, KINDS } from './kinds.js';

/** npm's limit on the length of a name. */
const LONGEST_NAME = 214;

/**
 * Checks a kind.
 * @throws ScaffoldError that suggests the most similar kind.
 */
export function checkKind(kind: string): FolderKind {
  const kinds = Object.keys(KINDS) as FolderKind[];
  const match = kinds.find((candidate) => candidate === kind);
  if (match) return match;
  const [nearest] = kinds.map((id) => ({ id, cost: distance(kind, id) })).sort((a, b) => a.cost - b.cost);
  const guess = nearest && nearest.cost <= Math.max(2, kind.length / 3) ? `Did you mean "${nearest.id}"? ` : '';
  const backend = kind === 'backend' ? 'A backend has no template; see packages/backends-wasm. ' : '';
  throw new ScaffoldError(`There is no kind "${kind}"`, `${backend || guess}The kinds are ${kinds.join(', ')}.`);
}

/** Returns the name of the package on npm. */
export const packageName = (kind: FolderKind, name: string): string => `medbench-${kind}-${name}`;

/**
 * Checks a name. It becomes the id of the plugin, a part of the name on npm, and the name of a class.
 * @throws ScaffoldError if it is not in lower case with single hyphens, or too long for npm.
 */
export function checkName(kind: FolderKind, name: string): void {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    const lower = name
      .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+|-+$/g, '');
    throw new ScaffoldError(
      `"${name}" is not a name`,
      `Use lower case letters, digits and single hyphens, and begin with a letter${lower ? `, such as ${lower}` : ''}.`,
    );
  }
  const full = packageName(kind, name);
  if (full.length > LONGEST_NAME) {
    throw new ScaffoldError(
      `The name ${full.slice(0, 40)}… has ${full.length} characters; npm allows ${LONGEST_NAME}`,
      'Choose a shorter name.',
    );
  }
}

/** Returns the name of the class: `my-loss` gives `MyLoss`. */
export const className = (name: string): string =>
  name
    .split('-')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');

/** Returns the title for tables: `my-loss` gives `My loss`. */
export const title = (name: string): string => {
  const words = name.replaceAll('-', ' ');
  return words[0]!.toUpperCase() + words.slice(1);
};
