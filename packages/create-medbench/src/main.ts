import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { createFolder, nextSteps } from './create.js';
import { ScaffoldError } from './error.js';
import { type FolderKind, KINDS } from './kinds.js';
import { checkKind, checkName } from './names.js';
import { version } from './ranges.js';

/** Where the command reads and writes. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
  readonly errors: Writable;
  readonly cwd: string;
}

const listKinds = (): string =>
  Object.entries(KINDS)
    .map(([kind, summary]) => `  ${kind.padEnd(10)} ${summary}`)
    .join('\n');

const HELP = `Usage: npm create medbench KIND NAME [-- --out DIR]

Creates a folder for a medbench plugin or study that builds, passes its tests and can be published.
Without arguments, it asks for kind and name.

Kinds:
${listKinds()}

Options:
  --out DIR   the folder (default: medbench-KIND-NAME)
  --version   print the version
  --help      print this text

Examples:
  npm create medbench method my-loss
  npm create medbench study freezing -- --out ./freezing
`;

/** Asks until an answer passes the check. */
async function ask<T>(
  question: (text: string) => Promise<string>,
  text: string,
  check: (answer: string) => T,
  say: (line: string) => void,
): Promise<T> {
  for (;;) {
    const answer = (await question(text)).trim();
    try {
      return check(answer);
    } catch (error) {
      if (!(error instanceof ScaffoldError)) throw error;
      say(`${error.message}. ${error.hint}`);
    }
  }
}

/** Asks for what the arguments leave out. */
async function askForRest(
  { input, output }: Terminal,
  kind: string | undefined,
  name: string | undefined,
): Promise<{ readonly kind: FolderKind; readonly name: string }> {
  const lines = createInterface({ input, output });
  const say = (line: string): void => void output.write(`${line}\n`);
  // A stream that ends must end the command too.
  const question = (text: string): Promise<string> =>
    new Promise((answered, refused) => {
      lines.once('close', () => refused(new ScaffoldError('The input ended', 'Give kind and name as arguments.')));
      lines.question(text).then(answered, refused);
    });
  try {
    if (kind === undefined) say(`What do you want to write?\n\n${listKinds()}\n`);
    const checkedKind = kind === undefined ? await ask(question, 'Kind: ', checkKind, say) : checkKind(kind);
    const checkedName =
      name ??
      (await ask(
        question,
        'Name, such as my-loss: ',
        (answer) => {
          checkName(checkedKind, answer);
          return answer;
        },
        say,
      ));
    return { kind: checkedKind, name: checkedName };
  } finally {
    lines.close();
  }
}

/** Runs `npm create medbench`. @returns the exit code: 0, or 2 for wrong usage. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  const { input, output, errors, cwd } = terminal;
  try {
    const { values, positionals } = parseCommand(args);
    if (values.help || values.version) {
      output.write(values.help ? HELP : `${version}\n`);
      return 0;
    }
    let [kind, name] = positionals;
    if (kind === undefined || name === undefined) {
      if (!input.isTTY)
        throw new ScaffoldError('Kind and name are missing', 'For example npm create medbench method my-loss.');
      ({ kind, name } = await askForRest(terminal, kind, name));
    }
    output.write(`${nextSteps(createFolder({ kind, name, out: values.out, cwd }), cwd)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ScaffoldError)) throw error;
    errors.write(`error  ${error.message}\n       ${error.hint}\n`);
    return 2;
  }
}

/** Parses the arguments. @throws ScaffoldError for an unknown flag or too many arguments. */
function parseCommand(args: readonly string[]) {
  const options = {
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean' },
  } as const;
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true });
    if (parsed.positionals.length <= 2) return parsed;
  } catch (error) {
    throw new ScaffoldError(
      error instanceof Error ? error.message : String(error),
      'See npm create medbench -- --help.',
    );
  }
  throw new ScaffoldError(
    'There are more than two arguments',
    'Give a kind and a name: npm create medbench method my-loss.',
  );
}
