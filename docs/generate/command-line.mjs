import { writeGenerated } from './files.mjs';
import { code, prose, table } from './markdown.mjs';
import { medbench } from './medbench.mjs';

/** Reads the rows `  term  meaning` of a part of commander's help; a meaning may continue on indented lines. */
function readRows(lines) {
  const rows = [];
  for (const line of lines) {
    const [, term, meaning = ''] = line.match(/^ {2}(\S(?:.*?\S)?)(?: {2,}(.*))?$/) ?? [];
    if (term !== undefined) rows.push([term, meaning]);
    else if (line.trim() !== '') rows.at(-1)[1] += ` ${line.trim()}`;
  }
  return rows;
}

/**
 * Splits the help of a command, as commander prints it.
 * @returns usage, description, rows of the parts `Arguments`, `Options` and `Commands`, and the text after them.
 */
export function parseHelp(text) {
  const [usage, ...blocks] = text.trimEnd().split(/\n\n/);
  const help = { usage: usage.replace(/^Usage: /, '').replace(/\s+/g, ' '), description: '', parts: {}, after: [] };
  for (const block of blocks) {
    const [first, ...lines] = block.split('\n');
    const title = first.match(/^(Arguments|Options|Commands):$/)?.[1];
    if (title) help.parts[title] = readRows(lines);
    else if (help.description === '' && Object.keys(help.parts).length === 0)
      help.description = block.replace(/\s+/g, ' ');
    else help.after.push(block);
  }
  return help;
}

/** The text after the options: examples become a code block, sentences stay sentences. */
const renderAfter = (block) => {
  const [first, ...lines] = block.split('\n');
  if (!/^Examples?:$/.test(first)) return prose(block);
  return `\`\`\`sh\n${lines.map((line) => line.trim().replace(/ {2,}/, ' # ')).join('\n')}\n\`\`\``;
};

/** Names of the commands below a command. */
const namesBelow = ({ parts }) =>
  (parts.Commands ?? []).map(([term]) => term.split(' ')[0]).filter((name) => name !== 'help');

/** Reads the help of every command, those of a level in one process. @returns a map from its words, joined. */
function readHelps() {
  const helps = new Map();
  for (let level = [[]]; level.length > 0; ) {
    const texts = medbench(level.map((words) => [...words, '--help']));
    level = level.flatMap((words, i) => {
      const help = parseHelp(texts[i]);
      helps.set(words.join(' '), help);
      return namesBelow(help).map((name) => [...words, name]);
    });
  }
  return helps;
}

/** Renders a command and, below it, its own commands. */
function renderCommand(helps, words) {
  const help = helps.get(words.join(' '));
  const { usage, description, parts, after } = help;
  const rows = (title) => (parts[title] ?? []).filter(([term]) => term !== '-h, --help');
  const section = (title, first) =>
    rows(title).length === 0
      ? []
      : [
          table(
            [first, 'meaning'],
            rows(title).map(([term, meaning]) => [code(term), prose(meaning)]),
          ),
        ];
  const heading = words.length === 0 ? [] : [`## medbench ${words.join(' ')} {#${words.join('-')}}`];
  const text = [
    ...heading,
    `${prose(description.charAt(0).toUpperCase() + description.slice(1).replace(/\.$/, ''))}.`,
    `\`\`\`sh\n${usage}\n\`\`\``,
    ...section('Arguments', 'argument'),
    ...section('Options', 'option'),
    ...after.map(renderAfter),
  ];
  return [...text, ...namesBelow(help).map((name) => renderCommand(helps, [...words, name]))].join('\n\n');
}

/** Writes every command with its options and examples, from the help that commander prints. */
export function writeCommandLine() {
  writeGenerated('generated/command-line.md', renderCommand(readHelps(), []));
}
