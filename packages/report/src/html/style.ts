/**
 * The report's style sheet. Colours come in light and dark pairs with a contrast of at least 4.5 with their background.
 */
export const STYLE = `
:root { color-scheme: light dark; --bg: #fff; --fg: #1b1f24; --muted: #5b6570; --line: #d5dae0; --band: #f4f6f8;
  --accent: #0b5cad; --good: #1b6e3c; --bad: #b3261e; --warn-bg: #fff3cd; --warn-fg: #553c00; --warn-line: #b58900; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #14171b; --fg: #e6e9ed; --muted: #a3adb8; --line: #39414a; --band: #1d2227;
    --accent: #7ab8ff; --good: #7fd6a0; --bad: #ff8a80; --warn-bg: #3a2e05; --warn-fg: #ffe08a; --warn-line: #b58900; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 82rem; padding: 1rem 1rem 4rem; background: var(--bg); color: var(--fg);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
p { margin: .5rem 0; max-width: 48rem; }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { padding: .75rem; background: var(--band); border: 1px solid var(--line); overflow-x: auto; white-space: pre-wrap; }
.muted { color: var(--muted); }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem; }
header p { margin: 0; max-width: none; flex: 1 0 100%; font-size: .9rem; }
.banner.banner { flex: 0 1 auto; padding: .2rem .75rem; border: 2px solid var(--warn-line); border-left-width: .6rem;
  background: var(--warn-bg); color: var(--warn-fg); font-weight: 600; }
.scroll { overflow-x: auto; margin: .75rem 0; border: 1px solid var(--line); max-width: max-content; }
.scroll:focus-visible, button:focus-visible, summary:focus-visible, td:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: separate; border-spacing: 0; font-size: .9rem; overflow-wrap: normal; }
caption { padding: .5rem .6rem; text-align: left; color: var(--muted); }
caption span { position: sticky; left: .6rem; display: inline-block; max-width: min(60rem, 84vw); }
th, td { padding: .35rem .6rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td small, th small { display: block; color: var(--muted); font-weight: 400; font-size: .8rem; }
thead th.number { white-space: normal; min-width: 5.5rem; }
thead th.number small { white-space: nowrap; }
td strong { text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: 3px;
  text-decoration-color: var(--accent); }
thead th { background: var(--band); vertical-align: bottom; font-weight: 600; }
thead th.group { border-left: 1px solid var(--line); }
tbody th, thead th.corner { position: sticky; left: 0; z-index: 1; font-weight: 600;
  min-width: 10rem; max-width: 15rem; border-right: 1px solid var(--line); }
tbody th { background: var(--bg); overflow-wrap: break-word; hyphens: auto; }
tbody.controls { color: var(--muted); }
tbody.controls th, tbody.controls td { background: var(--band); font-weight: 400; }
tbody.controls tr:first-child > * { border-top: 2px solid var(--muted); }
td.failed { color: var(--bad); }
td.failed small { color: inherit; white-space: normal; min-width: 9rem; }
.sort, .def { all: unset; cursor: pointer; }
.sort { min-height: 1.5rem; }
.sort::after { content: "\\a0↕"; color: var(--muted); font-weight: 400; }
th[aria-sort="descending"] .sort::after { content: "\\a0▾"; color: var(--accent); }
th[aria-sort="ascending"] .sort::after { content: "\\a0▴"; color: var(--accent); }
.def { text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; min-height: 1.5rem; }
.def.mark-of-question { display: inline-block; width: 1.5rem; height: 1.5rem; line-height: 1.4rem; text-align: center; text-decoration: none;
  border: 1px solid var(--muted); border-radius: 50%; font-size: .75rem; font-weight: 400; color: var(--muted); }
.tip { position: absolute; z-index: 5; max-width: min(26rem, calc(100vw - 16px)); padding: .5rem .75rem; background: var(--bg); color: var(--fg);
  border: 1px solid var(--muted); border-radius: .3rem; box-shadow: 0 2px 12px #0006; font-size: .875rem; }
.tip p { margin: 0 0 .35rem; } .tip p:first-child { font-weight: 600; }
.tip p:last-child { margin: 0; } .tip p:only-child { font-weight: 400; }
nav ul { display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; margin: 1rem 0; padding: 0; list-style: none; font-size: .9rem; }
nav a { display: inline-block; line-height: 1.5rem; }
.filter { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.25rem; margin: .75rem 0; font-size: .9rem; }
.filter label { display: inline-flex; align-items: center; gap: .4rem; }
.filter input, .filter select { font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--muted); border-radius: .25rem;
  padding: .15rem .4rem; min-height: 1.75rem; max-width: 60vw; }
.filter [role="status"] { color: var(--muted); }
[hidden] { display: none !important; }
.answer { margin: .35rem 0; padding: .2rem .75rem; border-left: .35rem solid var(--muted); background: var(--band); }
.answer .sentence { font-size: 1.05rem; }
.answer.helps { border-color: var(--good); } .answer.hurts { border-color: var(--bad); }
.verdict { display: inline-block; padding: 0 .5rem; border: 1px solid currentColor; border-radius: 1rem; font-size: .85rem; }
.helps .verdict { color: var(--good); } .hurts .verdict { color: var(--bad); }
dl { display: grid; grid-template-columns: fit-content(20rem) minmax(0, 1fr); gap: .25rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; }
ol, ul { padding-left: 1.5rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 1rem; }
figure { margin: 0; padding: .6rem; border: 1px solid var(--line); break-inside: avoid; }
figcaption { font-size: .9rem; font-weight: 600; } figcaption small { display: block; color: var(--muted); font-weight: 400; }
svg { display: block; width: 100%; max-width: 30rem; height: auto; color: var(--fg); }
svg text { white-space: pre; }
summary { cursor: pointer; font-weight: 600; padding: .25rem 0; }
details details { margin-left: 1rem; } details details > summary { font-weight: 400; }
.mark { cursor: help; }
td.verdict-cell { min-width: 14rem; }
.means { margin-bottom: 1rem; } .means figure { background: var(--band); }
.confusion td, .confusion thead th { text-align: right; font-variant-numeric: tabular-nums; } .confusion tbody th { min-width: 0; }
.confusion td { background: color-mix(in srgb, var(--accent) calc(var(--s, 0) * 45%), var(--bg)); }
li.warning { font-weight: 600; }
@media (max-width: 40rem) { body { padding: 1rem .75rem 3rem; } dl { grid-template-columns: minmax(0, 1fr); } dd { margin-bottom: .5rem; }
  dl.info { grid-template-columns: fit-content(45%) minmax(0, 1fr); } dl.info dd { margin-bottom: 0; }
  tbody th, thead th.corner { min-width: 7rem; max-width: 8.5rem; } }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  :root { color-scheme: light; --bg: #fff; --fg: #000; --muted: #444; --line: #bbb; --band: #f4f4f4; --accent: #0b5cad;
    --good: #1b6e3c; --bad: #b3261e; --warn-bg: #fff; --warn-fg: #000; }
  body { max-width: none; padding: 0; font-size: 9pt; }
  .scroll { overflow: visible; border: 0; max-width: none; }
  .scroll table { font-size: 7pt; } th, td { padding: .2rem .35rem; }
  td.number small, th small, td.failed small { font-size: 6.5pt; min-width: 0; }
  tbody th, thead th.corner { position: static; min-width: 5.5rem; overflow-wrap: break-word; }
  thead th.number { min-width: 0; overflow-wrap: anywhere; }
  nav, .filter, .tip, .def.mark-of-question { display: none; } .sort::after { content: none; } .def { text-decoration: none; }
  tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; height: auto; }
  summary, .confusions { display: none; } .answer { break-inside: avoid; }
}
`;
