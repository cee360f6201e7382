const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what terminals obey.
const COLOUR = /\u001b\[\d+m/g;

/** Shows one text after the other at the same place of a terminal. */
export class Repainter {
  /** Rows of the terminal that the last text takes. */
  #rows = 0;

  constructor(private readonly stream: NodeJS.WriteStream) {
    stream.write(HIDE_CURSOR);
  }

  /**
   * Replaces the last text. One that is higher than the terminal is cut, because what has left the screen cannot be replaced.
   * @param last whether no other follows, so that nothing need be cut.
   */
  show(text: string, last = false): void {
    const { rows = 24, columns = 80 } = this.stream;
    const room = rows - 2;
    const lines = text.trimEnd().split('\n');
    const heights = lines.map((line) => Math.max(1, Math.ceil([...line.replace(COLOUR, '')].length / columns)));
    let [count, height] = [0, 0];
    while (count < lines.length && (last || height + heights[count]! <= room)) height += heights[count++]!;
    const more = lines.length - count;
    const shown = more > 0 ? [...lines.slice(0, count), `… ${more} lines more: a higher window, or --once`] : lines;
    this.stream.write(`${this.#rows > 0 ? `\u001b[${this.#rows}A` : ''}\u001b[J${shown.join('\n')}\n`);
    this.#rows = height + (more > 0 ? 1 : 0);
  }

  /** Leaves the last text where it is. */
  end(): void {
    this.stream.write(SHOW_CURSOR);
  }
}
