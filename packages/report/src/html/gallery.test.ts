import type { RunResults } from '@medbench/core';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { figuredResults, makeGallery, PIXEL } from '../../test/figures.js';
import { gallerySection } from './gallery.js';
import { renderHtml } from './page.js';

const PLAIN = { question: 'Is there a fracture?', answer: 'no' };
const EVIL = '<img src=x onerror=alert(1)>"\'</bdi></table><script>alert(2)</script>&lt;\u202eאבג عربي';
const renderSection = (results: RunResults, galleries: Parameters<typeof gallerySection>[1]) =>
  parseHTML(`<main>${gallerySection(results, galleries)?.text ?? ''}</main>`).document;
const readText = (element: { textContent: string | null } | null | undefined): string => element?.textContent ?? '';

describe('galleries', () => {
  it('show each example, its right answer, and the answer of each row', () => {
    const document = renderSection(figuredResults(), [makeGallery('vqa-rad', PLAIN)]);
    const [label, toImage, toText] = [...document.querySelectorAll('table')];
    expect([...label!.querySelectorAll('thead th')].slice(1).map((head) => readText(head))).toEqual([
      'Is there a fracture?right:no',
      'Is there a fracture?right:no',
    ]);
    const verdicts = (line: Element) =>
      [...line.querySelectorAll('td .tick')].map((mark) => mark.getAttribute('aria-label'));
    type Element = NonNullable<typeof label>;
    const lines = [...label!.querySelectorAll('tbody tr')] as Element[];
    expect(lines.map((line) => verdicts(line))).toEqual([
      ['right', 'wrong'],
      ['wrong', 'right'],
      ['right', 'wrong'],
    ]);
    expect(readText(lines[2]!.parentElement!.querySelector('th'))).toBe('Untrained towers');
    expect(lines[2]!.parentElement!.getAttribute('class')).toBe('controls');
    // The right image is the first, second or third of five.
    [...toImage!.querySelectorAll('tbody tr')].forEach((line, r) => {
      expect(readText(line.querySelector('td p'))).toContain(`right one at rank ${r + 1}`);
      const marked = [...line.querySelectorAll('.few > span')].map((one) => one.getAttribute('class') === 'found');
      expect(marked).toEqual([0, 1, 2, 3, 4].map((i) => i === r));
    });
    expect(readText(toText!.querySelector('tbody td'))).toBe('✓ right one at rank 1✓ no✗ Is there a fracture?');
  });

  it('contain each image once, with a label wherever it is shown', () => {
    const results = figuredResults();
    const page = renderHtml(results, { galleries: [makeGallery('vqa-rad', PLAIN)] });
    expect(page.split(PIXEL).length - 1).toBe(6);
    expect(page).toContain('img-src data:');
    const { document } = parseHTML(page);
    for (const image of document.querySelectorAll('svg.image')) {
      expect(image.getAttribute('role')).toBe('img');
      expect(image.getAttribute('aria-label')).not.toBe('');
      const id = image.querySelector('use')!.getAttribute('href')!.slice(1);
      expect(document.getElementById(id)?.tagName.toLowerCase()).toBe('symbol');
    }
  });

  it('show hostile and right-to-left texts unchanged, without effect on the rest of the page', () => {
    const results = figuredResults();
    const tame = parseHTML(renderHtml(results, { galleries: [makeGallery('vqa-rad', PLAIN)] })).document;
    const evil = parseHTML(
      renderHtml(results, { galleries: [makeGallery('vqa-rad', { question: EVIL, answer: EVIL })] }),
    ).document;
    const texts = [...evil.querySelectorAll('.gallery bdi[dir]')];
    expect(texts.length).toBeGreaterThan(10);
    for (const one of texts) {
      expect(one.getAttribute('dir')).toBe('auto');
      // Direction overrides are removed: they would reverse the text that follows.
      expect(readText(one)).toBe(EVIL.replace('\u202e', ''));
      expect(one.children.length).toBe(0);
    }
    const shape = (document: typeof tame) => [...document.querySelectorAll('*')].map(({ tagName }) => tagName).join();
    expect(shape(evil)).toBe(shape(tame));
    for (const document of [tame, evil]) for (const one of document.querySelectorAll('bdi')) one.textContent = '';
    expect(evil.toString()).toBe(tame.toString());
  });

  it('of withheld tasks are never shown, even if the folder has them, and the page says why', () => {
    const sample = figuredResults();
    const withheld = {
      'vqa-rad': { pictures: 'withheld', access: 'credentialed', licence: 'PhysioNet' },
      'phantom-skin': { pictures: 'withheld', access: 'agreement', licence: 'theirs' },
      'phantom-tissue': { pictures: 'withheld', access: 'open', licence: 'unclear' },
    } as const;
    const results: RunResults = {
      ...sample,
      tasks: sample.tasks.map((task) => ({ ...task, ...(withheld as Record<string, object>)[task.id] })),
    };
    const document = renderSection(results, [makeGallery('vqa-rad', PLAIN)]);
    expect(document.querySelectorAll('svg, table, bdi[dir]').length).toBe(0);
    expect([...document.querySelectorAll('li')].map(readText)).toEqual([
      'PneumoniaMNIST: the run kept no examples of it',
      'VQA-RAD: the data is for credentialed readers (PhysioNet)',
      'Phantom tissue: its licence is not known to allow it (unclear)',
      'Phantom skin lesions: the data is under an agreement (theirs)',
      'Phantom reports: the run kept no examples of it',
    ]);
    expect(
      gallerySection({ ...sample, tasks: sample.tasks.map(({ pictures: _, ...task }) => task) }, []),
    ).toBeUndefined();
  });

  it('show fewer examples and fewer tasks if the page has no room, and the page says so', () => {
    const sample = figuredResults();
    const tasks = Array.from({ length: 60 }, (_, i) => ({ ...sample.tasks[0]!, id: `task-${i}`, title: `Task ${i}` }));
    const large = 'A'.repeat(12_000);
    const galleries = tasks.map(({ id }) => ({
      ...makeGallery(id, PLAIN),
      images: Array.from({ length: 6 }, () => large),
    }));
    const { text } = gallerySection({ ...sample, tasks }, galleries)!;
    expect(text.length).toBeLessThan(2_600_000);
    const { document } = parseHTML(`<main>${text}</main>`);
    const shown = document.querySelectorAll('details.task-gallery').length;
    expect(shown).toBeGreaterThan(20);
    expect(shown).toBeLessThan(60);
    expect(readText(document.querySelector('main'))).toContain('There is room for 2 examples of each kind');
    const named = [...document.querySelectorAll('p')].map(readText).find((one) => one.startsWith('No room here'))!;
    for (let i = 0; i < 60; i++) {
      expect(new RegExp(`Task ${i}[,:]`).test(named)).toBe(i >= shown);
    }
  });
});
