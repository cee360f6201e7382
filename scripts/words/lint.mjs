// npm run lint:words [-- --count] [-- --root DIR]: refuses the words that rules.mjs lists, in code and docs. `--count`
// only prints the counts, to compare two checkouts.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { countWords } from './count.mjs';
import { LIMITS } from './rules.mjs';

const { values } = parseArgs({
  options: { count: { type: 'boolean', default: false }, root: { type: 'string' } },
});
const root = values.root ? resolve(values.root) : fileURLToPath(new URL('../..', import.meta.url));
const { refused, docOpeners, functionsOf, ...rest } = countWords(root);

if (values.count) {
  const words = {};
  for (const { word } of refused) words[word] = (words[word] ?? 0) + 1;
  console.log(
    JSON.stringify({ ...rest, docOpeners: docOpeners.length, functionsOf: functionsOf.length, words }, null, 2),
  );
} else {
  const lines = refused.map(({ file, line, word, say }) => `${file}:${line} says "${word}"; say: ${say}`);
  for (const [name, listed] of Object.entries({ docOpeners, functionsOf })) {
    if (listed.length <= LIMITS[name]) continue;
    const what =
      name === 'docOpeners' ? 'docstrings begin with What, Of, In what or Under what' : 'functions are named xOf';
    lines.push(`${listed.length} ${what}; at most ${LIMITS[name]} may:`, ...listed.map((one) => `  ${one}`));
  }
  for (const line of lines) console.error(line);
  if (lines.length > 0) process.exitCode = 1;
  else console.log(`${rest.files} files use the project's words`);
}
