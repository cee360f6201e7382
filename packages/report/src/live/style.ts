/** Styles of the page that follows a run, after those of the report. Parts keep their size while they change. */
export const LIVE_STYLE = `
[data-part="heading"] { display: contents; }
.now > h2 { font-size: 1rem; margin: .6rem 0 0; padding: 0; border: 0; }
.now [role="status"] { font-size: 1.05rem; font-weight: 600; max-width: none; }
[data-part="progress"] { min-height: 4.5rem; }
[data-part="progress"] small { display: block; }
progress { width: 100%; height: .8rem; accent-color: var(--accent); }
.curves { height: 20rem; border: 1px solid var(--line); }
.curves svg { max-width: none; height: 100%; }
.curve path { fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linejoin: round; }
.curve .validation { stroke-dasharray: 5 4; }
.curve path[d$="h0"] { stroke-linecap: round; stroke-width: 4; stroke-dasharray: none; }
.curve .end { fill: currentColor; }
.curve.c0 { color: var(--c0); } .curve.c1 { color: var(--c1); } .curve.c2 { color: var(--c2); }
.curve.c3 { color: var(--c3); } .curve.c4 { color: var(--c4); } .curve.c5 { color: var(--c5); }
.curve.grey { color: var(--muted); }
.grid { stroke: currentColor; stroke-opacity: .15; } .axis { stroke: currentColor; stroke-opacity: .6; }
.legend.rows { font-size: .9rem; gap: .25rem .5rem; }
.legend.rows button { font: inherit; color: var(--fg); background: var(--bg); border: 1px solid var(--line); border-radius: .25rem;
  min-height: 1.75rem; padding: 0 .5rem; cursor: pointer; }
.legend.rows button[aria-pressed="false"] { color: var(--muted); border-style: dashed; }
.legend.rows button[aria-pressed="false"] bdi { text-decoration: line-through; }
.legend.rows button[aria-pressed="false"] span { visibility: hidden; }
.units td { white-space: nowrap; font-variant-numeric: tabular-nums; }
.units .state { font-weight: 600; }
.unit.done .state { color: var(--good); } .unit.failed .state { color: var(--bad); } .unit.working .state { color: var(--accent); }
.unit.waiting .state { color: var(--muted); }
`;
