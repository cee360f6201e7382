/** Info string of a fence that names a file: `ts [src/index.ts]`. A title without a dot belongs to a code group. */
const NAMED = /\[([^\]]*\.[^\]]+)\]/;

/** Prints the name of a file above the code block that holds it. */
export function codeFiles(md) {
  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const name = tokens[index].info.match(NAMED)?.[1];
    const html = fence(tokens, index, ...rest);
    return name === undefined ? html : `<div class="code-file"><p>${md.utils.escapeHtml(name)}</p>${html}</div>`;
  };
}
