import { dirname, join, relative, resolve } from 'node:path';

/**
 * Links that leave docs/, such as `../bench/RESULTS.md`, lead to files of the repository. On the site they lead to the
 * repository on the web. Without its address they become plain text.
 * @param options.docs absolute path of docs/, with a final slash.
 * @param options.source web address of the repository, if it is known.
 */
export function repositoryLinks(md, { docs, source }) {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const page = join(docs, env.relativePath ?? '');
    for (const { children } of tokens) {
      const open = [];
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          const href = token.attrGet('href') ?? '';
          const path = relative(resolve(docs), resolve(dirname(page), href));
          const leaves = href.startsWith('.') && path.startsWith('..');
          const plain = leaves && source === undefined;
          if (leaves && !plain) token.attrSet('href', `${source}/blob/main/${path.replace(/^(\.\.\/)+/, '')}`);
          open.push(plain);
          if (plain) Object.assign(token, { type: 'html_inline', content: '', tag: '' });
        } else if (token.type === 'link_close' && open.pop()) {
          Object.assign(token, { type: 'html_inline', content: '', tag: '' });
        }
      }
    }
  });
}
