import { MedbenchError } from '@medbench/core';

/** Texts that neither the shell nor sbatch reads anything into. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Quotes a word for the shell, if it needs quotes. Every text is safe, line breaks too. */
export const shellWord = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * Writes an option as a `#SBATCH` line. sbatch reads the value as a shell reads a text in double quotes, but knows no
 * variables.
 * @throws MedbenchError('config') that names what the value is of, for a value with a line break.
 */
export function directive(option: string, value: string, of: string): string {
  if (/[\r\n]/.test(value)) {
    throw new MedbenchError('config', `${of} has a line break, which a batch script cannot hold`, {
      hint: 'Give it on one line.',
    });
  }
  const quoted = PLAIN.test(value) ? value : `"${value.replace(/[\\"]/g, '\\$&')}"`;
  return `#SBATCH --${option}=${quoted}`;
}

/**
 * Writes the path of a log file for `--output`, where sbatch replaces `%` and a letter.
 * @throws MedbenchError('store') for a path with a backslash, with which sbatch replaces nothing.
 */
export function outputPath(folder: string, name: string): string {
  if (folder.includes('\\')) {
    throw new MedbenchError('store', `${folder} has a backslash, which sbatch cannot write log files below`, {
      hint: 'Choose another --out.',
    });
  }
  return `${folder.replaceAll('%', '%%')}/${name}`;
}
