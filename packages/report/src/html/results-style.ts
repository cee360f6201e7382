/**
 * The table without figures: narrow columns with upright headers, of which only colours and marks are seen. A second
 * mark stands in the corner of its cell. The best method needs no mark that it is not worse.
 */
const coloursOnly = (scope: string): string => `
  ${scope} td { padding: 0; text-align: center; min-width: 1rem; font-size: 0; }
  ${scope} td:is(.rank, .failed) { font-size: .75rem; }
  ${scope} .mark, ${scope} td strong::after, ${scope} td sup { font-size: .65rem; word-spacing: -.3em; }
  ${scope} td { position: relative; }
  ${scope} td strong ~ .mark, ${scope} .mark + .mark { position: absolute; right: 1px; bottom: 0; line-height: .55rem; }
  ${scope} td strong ~ .mark:has(+ .mark) { display: none; }
  ${scope} tbody th { padding-block: 0; }
  ${scope} thead th.number { min-width: 0; padding: .2rem 0; text-align: center; }
  ${scope} thead th.number small, ${scope} .sort::after { display: none; }
  ${scope} :is(.label, .sort), ${scope} .protocols .narrow bdi { writing-mode: vertical-rl; transform: rotate(180deg);
    display: inline-block; max-height: 6.8rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: .7rem;
    line-height: 1rem; }
  ${scope} th.group { max-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding: .1rem 0 .1rem .2rem;
    font-size: .72rem; }
  ${scope} .protocols .narrow { padding: .1rem 0; text-align: center; vertical-align: bottom; }
  ${scope} .protocols .narrow bdi { font-size: .65rem; }
  ${scope} .row { max-width: 14rem; }
`;

/**
 * A table whose rows are one line high: without spreads, questions and descriptions. A long id loses its beginning: rows of a
 * sweep differ at the end.
 */
const oneLineRows = (scope: string): string => `
  ${scope} td small, ${scope} .more { display: none; }
  ${scope} th, ${scope} td { padding: .15rem .25rem; font-size: .8rem; }
  ${scope} .mark, ${scope} td strong::after { word-spacing: -.3em; font-size: .7rem; }
  ${scope} .row { display: flex; gap: .5rem; align-items: baseline; max-width: 15rem; line-height: 1.25rem; }
  ${scope} .name { flex: 0 1 auto; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  ${scope} .row small { flex: none; white-space: nowrap; max-width: 9rem; overflow: hidden; text-overflow: ellipsis; direction: rtl; }
  ${scope} wbr { display: inline; }
  ${scope} tbody th { max-width: none; hyphens: manual; }
  ${scope} thead th.number { min-width: 3.9rem; max-width: 9rem; font-size: .72rem; line-height: 1.2; overflow-wrap: break-word; }
  ${scope} thead th.number small { white-space: normal; font-size: .68rem; }
  ${scope} th:not(:hover, :focus-within, [aria-sort]) .sort::after { content: none; }
  ${scope} .protocols th { font-weight: 400; font-size: .75rem; }
  ${scope} .mark-of-question { display: none; }
  ${scope} thead th.number { font-weight: 400; }
`;

const LIGHT = `--h0: #f1f6fb; --h1: #dceaf6; --h2: #c3dcf0; --h3: #a6cce9; --h4: #86b9e0; --h5: #66a5d7; --h6: #4a94cd;
  --low: #fbdcc0; --hatch: #f6e3e1; --ink: #14181d;`;
const DARK = `--h0: #18232e; --h1: #1a2f42; --h2: #1c3c58; --h3: #1e4a6f; --h4: #215887; --h5: #24649b; --h6: #2b6cb0;
  --low: #513418; --hatch: #38201f; --ink: #fff;`;

/**
 * Styles of the first screen: the answers beside the ranks, and the table with its colours. All text on a colour has a
 * contrast of at least 4.5 with it. Blue and orange differ for readers who are colour-blind.
 */
export const RESULTS_STYLE = `
:root { ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
@media print { :root { ${LIGHT} } }
.first > h2 { font-size: 1rem; margin: .6rem 0 .25rem; padding: 0; border: 0; }
@media screen and (min-width: 64rem) {
  .overview:has(.ranks) { display: grid; grid-template-columns: minmax(0, 1fr) 25rem; gap: 0 2rem; }
}
.overview svg { max-width: 25rem; }
.overview figure { padding: 0; border: 0; max-width: 25rem; }
.overview figcaption small { line-height: 1.35; }
.answer > summary { font-weight: 400; padding: 0; }
.answer h3 { display: inline; font-size: .9rem; }
.outcome { display: block; font-size: .8rem; }
.outcome .verdict { font-size: .8rem; margin-right: .25rem; }
.answer[open] > summary { margin-bottom: .5rem; }
#results > h2, #results > .filter, #results > .modes { display: inline-flex; vertical-align: middle; margin: .4rem 1.25rem .1rem 0; }
#results > .filter { gap: .25rem .75rem; } #results .filter input { width: 8rem; }
.modes { flex-wrap: wrap; align-items: center; gap: .1rem .9rem; padding: 0; border: 0; font-size: .9rem; }
.modes legend { float: left; padding: 0; }
.modes label { display: inline-flex; align-items: center; gap: .3rem; min-height: 1.5rem; }
.modes input { margin: 0; accent-color: var(--accent); width: 1rem; height: 1rem; }
.scale { max-width: none; margin: .25rem 0; font-size: .8rem; color: var(--muted); }
.scale > span { margin-right: 1rem; white-space: nowrap; }
.scale i { display: inline-block; width: .9rem; height: .8rem; vertical-align: -.1rem; }
.scale i:is(.low, .failed) { outline: 1px solid var(--line); }
wbr { display: none; }
.heat caption { caption-side: bottom; font-size: .8rem; }
.heat td { border-top-color: var(--bg); border-left: 1px solid var(--bg); text-align: left; vertical-align: middle; }
.heat td.number { text-align: left; }
.heat .start { border-left-width: 4px; }
.heat thead th.number { text-align: left; }
.heat td strong { text-decoration: none; }
.heat td strong::after { content: "★"; content: "★" / " best of the column"; }
.heat tbody.controls td { border-top-color: var(--line); border-left-color: var(--band); }
.h0 { --shade: var(--h0); } .h1 { --shade: var(--h1); } .h2 { --shade: var(--h2); } .h3 { --shade: var(--h3); }
.h4 { --shade: var(--h4); } .h5 { --shade: var(--h5); } .h6 { --shade: var(--h6); } .low { --shade: var(--low); }
.heat td, .scale i { background: var(--shade); print-color-adjust: exact; }
.methods td:is(.low, .h0, .h1, .h2, .h3, .h4, .h5, .h6) { color: var(--ink); }
.methods td:is(.low, .h0, .h1, .h2, .h3, .h4, .h5, .h6) :is(small, a) { color: inherit; }
.heat tbody.controls td { background: linear-gradient(var(--shade, transparent) 0 0) bottom / 100% .3rem no-repeat var(--band); }
.heat td.failed, i.failed { background: repeating-linear-gradient(135deg, var(--bg) 0 3px, var(--hatch) 3px 6px); }
@media screen {
  ${oneLineRows('#results:not(:has([value="full"]:checked)) .heat')}
  #results.roomy:not(:has([value="full"]:checked)) .heat .row { max-width: 24rem; }
  ${coloursOnly('#results:has([value="colours"]:checked) .heat')}
  @media (max-width: 40rem) {
    #results:not(:has([value="full"]:checked)) .row:has(small bdi:not(.more)) .name { display: none; }
    #results:not(:has([value="full"]:checked)) :is(tbody th, .corner) { min-width: 0; max-width: 8.5rem; }
    #results:not(:has([value="full"]:checked)) .row small { max-width: 7.5rem; }
  }
}
@media print {
  #results > .modes, #results > .filter { display: none; }
  .answer > summary { display: block; }
  ${oneLineRows('#results:not(.roomy) .heat')}
  ${coloursOnly('#results.wide .heat')}
  #results:not(.roomy) .heat th, #results:not(.roomy) .heat td, #results:not(.roomy) .heat thead th.number { font-size: 6.5pt;
    min-width: 0; padding-inline: .1rem; }
  #results:not(.roomy) .heat .row { max-width: 9rem; }
  #results.wide .heat td:not(.rank, .failed) { font-size: 0; }
  #results.wide .heat td { min-width: .6rem; }
  #results.wide .heat .label, #results.wide .heat .sort { font-size: .6rem; line-height: .7rem; }
  #results.wide .heat .mark, #results.wide .heat td strong::after { font-size: .5rem; }
  #results.wide .heat td, #results.wide .heat thead th.number { padding-inline: 0; }
}
`;
