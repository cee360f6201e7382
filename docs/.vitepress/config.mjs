import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { codeFiles } from './markdown/code-files.mjs';
import { repositoryLinks } from './markdown/repository-links.mjs';
import { scrollingTables } from './markdown/scrolling-tables.mjs';

const docs = fileURLToPath(new URL('..', import.meta.url));
const { repository } = JSON.parse(readFileSync(`${docs}../package.json`, 'utf8'));
/** Web address of the repository; undefined until the owner sets `repository` in the root package.json. */
const source = repository?.url?.replace(/^git\+/, '').replace(/\.git$/, '');

/** Pages that generate/ has written to a folder of the reference. */
const generatedPages = (folder) => JSON.parse(readFileSync(`${docs}reference/${folder}/sidebar.json`, 'utf8'));

const USE = [
  { text: 'Start', link: '/start' },
  { text: 'Run a study', link: '/run-a-study' },
  { text: 'Bring your data', link: '/your-data' },
  { text: 'Weights in and out', link: '/weights' },
  { text: "Rows of today's models", link: '/models' },
  { text: 'More protocols', link: '/protocols' },
  { text: 'Results, and how far to trust them', link: '/results' },
  { text: 'A leaderboard of your own', link: '/leaderboard' },
  { text: 'Share weights and results', link: '/share' },
  { text: 'Clusters and accelerators', link: '/clusters' },
  { text: 'Troubleshooting', link: '/troubleshooting' },
];

const WRITE = [
  { text: 'A plugin package', link: '/write/' },
  { text: 'A method', link: '/write/method' },
  { text: 'An objective', link: '/write/objective' },
  { text: 'A task', link: '/write/task' },
  { text: 'A corpus', link: '/write/corpus' },
  { text: 'An encoder', link: '/write/encoder' },
  { text: 'A protocol', link: '/write/protocol' },
  { text: 'A backend', link: '/write/backend' },
  { text: 'Objectives as a library', link: '/library' },
];

const REFERENCE = [
  { text: 'Configuration', link: '/reference/configuration' },
  { text: 'Command line', link: '/reference/command-line' },
  { text: 'Methods and objectives', link: '/reference/methods' },
  { text: 'Encoders, protocols, controls', link: '/reference/parts' },
  { text: 'Data cards', link: '/reference/data', items: generatedPages('cards'), collapsed: true },
  { text: 'Packages', link: '/reference/packages' },
  { text: 'API', link: '/reference/api/', items: generatedPages('api/generated'), collapsed: true },
];

// A project page of GitHub lives below the name of the repository.
const base = process.env.DOCS_BASE || '/';

export default defineConfig({
  title: 'medbench',
  description: 'Compare methods of contrastive vision-language pre-training on your own medical images.',
  lang: 'en-GB',
  base,
  head: [['link', { rel: 'icon', href: `${base}favicon.svg`, type: 'image/svg+xml' }]],
  cleanUrls: true,
  lastUpdated: false,
  // Parts are included by pages; the other files are no pages.
  srcExclude: ['**/parts/**', '**/node_modules/**', 'reference/generated/**'],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config(md) {
      codeFiles(md);
      scrollingTables(md);
      repositoryLinks(md, { docs, source });
    },
  },
  // The table of results is as wide as a page without an outline. Biome would format front matter as Markdown.
  transformPageData: ({ relativePath, frontmatter }) =>
    relativePath === 'results.md' ? { frontmatter: { ...frontmatter, aside: false } } : undefined,
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      {
        text: 'Use',
        link: '/start',
        activeMatch: `^/(${USE.map(({ link }) => link.slice(1)).join('|')})`,
      },
      { text: 'Extend', link: '/write/', activeMatch: '^/(write|library)' },
      { text: 'Reference', link: '/reference/configuration', activeMatch: '^/reference/' },
    ],
    sidebar: [
      { text: 'Use', items: USE },
      { text: 'Extend', items: WRITE },
      { text: 'Reference', items: REFERENCE },
    ],
    outline: { level: [2, 3] },
    socialLinks: source?.startsWith('https://github.com/') ? [{ icon: 'github', link: source }] : [],
    footer: { message: 'MIT licence. Not for clinical use.' },
  },
});
