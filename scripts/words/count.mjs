// Counts words in a checkout for `npm run lint:words`: refused words by line, first words of docstrings, and vague
// names.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { QUOTED, RULES } from './rules.mjs';

const CODE = /\.(m?ts|m?js)$/;
const TEXT = /\.(m?ts|m?js|py|md|html|css|sh|yaml|yml)$|(^|\/)package\.json$|^\.ci\/run$/;
const SKIPPED = /(^|\/)fixtures\/|^pnpm-lock\.yaml$/;

/** Lists the text files of a checkout, tracked or new, as relative paths. Fixtures are left out. */
export function wordFiles(root) {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  return [...new Set(String(listed).trim().split('\n'))].filter((file) => TEXT.test(file) && !SKIPPED.test(file));
}

/** Splits names in camel case and snake case into words, in lower case. */
const toWords = (line) =>
  line
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();

/** The prose in a file: the whole text, but only the description of a package.json. */
const proseText = (file, text) => (file.endsWith('package.json') ? (text.match(/"description":.*/)?.[0] ?? '') : text);

/** @returns refused words of a file, one for each line and rule: `{ file, line, word, say }`. */
export function refusedWords(file, text) {
  const quoted = QUOTED.filter(([files]) => files.test(file)).map(([, quotation]) => quotation);
  if (quoted.includes('')) return [];
  const rules = RULES.filter(({ except }) => !except?.test(file));
  const lines = proseText(file, text)
    .split('\n')
    .map((line) => toWords(quoted.reduce((rest, quotation) => rest.replaceAll(quotation, ''), line)));
  return lines.flatMap((line, index) => {
    // A phrase may continue on the next line, after the marks of a comment.
    const next = (lines[index + 1] ?? '').replace(/^\s*(\*(?!\/)|\/\/)?\s*/, '');
    const read = line.trimEnd();
    return rules.flatMap(({ word, say }) => {
      const match = `${read} ${next}`.match(word);
      return match && match.index < read.length ? [{ file, line: index + 1, word: match[0], say }] : [];
    });
  });
}

const OPENERS = /^(What|Of|In what|Under what)\b/;
const VAGUE_LOCALS = ['at', 'found', 'known', 'parts', 'own', 'made', 'held', 'said'];
const isFunction = (node) => node && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));
const isNamedFunction = (node) =>
  ts.isFunctionDeclaration(node) ||
  ts.isMethodDeclaration(node) ||
  (ts.isVariableDeclaration(node) && isFunction(node.initializer));

/** Adds the docstrings, function names and locals of a source file to the counts. */
function countFile(file, text, counts) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  for (const [, doc] of text.matchAll(/\/\*\*([\s\S]*?)\*\//g)) {
    counts.docComments++;
    const words = doc.replace(/^\s*\*/gm, '').trim();
    if (OPENERS.test(words)) counts.docOpeners.push(`${file}: ${words.split('\n')[0]}`);
  }
  const visit = (node) => {
    const name = node.name && ts.isIdentifier(node.name) ? node.name.text : undefined;
    if (name !== undefined) {
      if (isNamedFunction(node) && /[a-z0-9]Of$/.test(name) && !/^(index|type)Of$/.test(name))
        counts.functionsOf.push(`${file}: ${name}`);
      if ((ts.isVariableDeclaration(node) || ts.isParameter(node)) && VAGUE_LOCALS.includes(name))
        counts.locals[name]++;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** Counts refused words, docstrings with a vague first word, functions named `xOf` and vague locals in a checkout. */
export function countWords(root) {
  const refused = [];
  const counts = {
    files: 0,
    docComments: 0,
    docOpeners: [],
    functionsOf: [],
    locals: Object.fromEntries(VAGUE_LOCALS.map((name) => [name, 0])),
  };
  for (const file of wordFiles(root)) {
    let text;
    try {
      text = readFileSync(join(root, file), 'utf8');
    } catch {
      continue; // Deleted in the working tree, but listed in the index.
    }
    counts.files++;
    refused.push(...refusedWords(file, text));
    if (CODE.test(file)) countFile(file, text, counts);
  }
  return { refused, ...counts };
}
