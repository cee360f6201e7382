/** Maximum depth of values within values. Nothing that medbench reads is a tenth as deep. */
const MAX_DEPTH = 500;

/**
 * Parses JSON from a file that anybody may have written. Functions that visit a value recursively, `JSON.stringify`
 * among them, then do not run out of stack.
 * @throws SyntaxError if the text is not JSON, or if its values are nested more than 500 deep.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new SyntaxError(`its values are nested more than ${MAX_DEPTH} deep`);
    level = level.flatMap(contained);
  }
  return value;
}

/** The objects and lists directly within a value. */
function contained(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).filter((entry) => typeof entry === 'object' && entry !== null);
}
