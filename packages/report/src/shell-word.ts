/** A word of a command line for a POSIX shell: whoever copies it runs nothing else, whatever the text says. */
export const shellWord = (text: string): string =>
  /^[\w./:,=@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
