import { expect, it } from 'vitest';
import { Repainter } from './repaint.js';

it('replaces the last text, also where lines take several rows, and cuts one that is higher than the terminal', () => {
  const written: string[] = [];
  const stream = { rows: 6, columns: 10, write: (text: string) => written.push(text) };
  const screen = new Repainter(stream as unknown as NodeJS.WriteStream);
  screen.show('\u001b[32mshort\u001b[0m\n123456789012\n');
  screen.show('1\n2\n3\n4\n5\n6\n');
  screen.show('1\n2\n3\n4\n5\n6\n', true);
  screen.end();
  expect(written).toEqual([
    '\u001b[?25l',
    '\u001b[J\u001b[32mshort\u001b[0m\n123456789012\n',
    '\u001b[3A\u001b[J1\n2\n3\n4\n… 2 lines more: a higher window, or --once\n',
    '\u001b[5A\u001b[J1\n2\n3\n4\n5\n6\n',
    '\u001b[?25h',
  ]);
});
