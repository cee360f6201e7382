/** Puts each table into a box that scrolls sideways, which the keyboard reaches too. */
export function scrollingTables(md) {
  md.renderer.rules.table_open = () => '<div class="table-box" tabindex="0" role="region" aria-label="Table"><table>\n';
  md.renderer.rules.table_close = () => '</table></div>\n';
}
