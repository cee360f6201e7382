import { parseHTML } from 'linkedom';
import { expect, it } from 'vitest';
import { largeResults } from '../../test/large.js';
import { renderHtml } from './page.js';

it('renders 40 methods x 60 tasks x 5 seeds in less than 10 s and 5 MB, with the whole table', () => {
  const results = largeResults({ methods: 40, tasks: 60, seeds: 5 });
  // Processor time, which does not grow if the machine is busy with other work.
  const before = process.cpuUsage();
  const text = renderHtml(results);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(10_000);
  expect(Buffer.byteLength(text)).toBeLessThan(4_700_000);
  const { document } = parseHTML(text);
  expect(document.querySelectorAll('#results td[data-value]')).toHaveLength(40 * 60 + 37);
  // One folded forest plot for each column; the plots of means are not inside details.
  expect(document.querySelectorAll('#figures-with-their-uncertainty details svg')).toHaveLength(60);
  expect(document.querySelectorAll('#ranks circle')).toHaveLength(37);
});
