/**
 * Styles of galleries, plots of several rows and their legends. Colours have a contrast of at least 3 with the page.
 */
export const FIGURES_STYLE = `
:root { --c0: #0b5cad; --c1: #b3410e; --c2: #1d7a46; --c3: #8a3ab9; --c4: #a3285f; --c5: #7a6200; }
@media (prefers-color-scheme: dark) {
  :root { --c0: #7ab8ff; --c1: #ffab7a; --c2: #6fd39b; --c3: #d3a4f5; --c4: #ff9ec4; --c5: #e5cc5c; }
}
.legend { list-style: none; margin: .4rem 0 0; padding: 0; font-size: .8rem; display: flex; flex-wrap: wrap; gap: .1rem .9rem; }
.legend .c0 { color: var(--c0); } .legend .c1 { color: var(--c1); } .legend .c2 { color: var(--c2); }
.legend .c3 { color: var(--c3); } .legend .c4 { color: var(--c4); } .legend .c5 { color: var(--c5); }
.legend .grey { color: var(--muted); }
.album { position: absolute; width: 0; height: 0; overflow: hidden; }
.gallery thead th { min-width: 8.5rem; max-width: 15rem; font-weight: 400; vertical-align: top; }
.gallery thead th.corner { font-weight: 600; min-width: 7rem; }
.gallery td { min-width: 8.5rem; max-width: 15rem; font-size: .85rem; }
.gallery td p, .gallery th p { margin: .15rem 0; }
.gallery td small { display: inline; }
.gallery th strong { font-weight: 600; }
svg.image { width: 6rem; height: 6rem; max-width: 6rem; background: var(--band); overflow: hidden; }
.few { display: flex; gap: .2rem; margin: .2rem 0; }
.few svg.image { width: 2.4rem; height: 2.4rem; }
.few .found svg.image { outline: 3px solid var(--good); outline-offset: -1px; }
.few > span { position: relative; }
.few .found .tick { position: absolute; right: 0; bottom: 0; background: var(--bg); padding: 0 .15rem; line-height: 1; }
.tick.good { color: var(--good); font-weight: 700; } .tick.bad { color: var(--bad); font-weight: 700; }
@media print { .gallery thead th, .gallery td { min-width: 0; } svg.image { width: 4rem; height: 4rem; }
  .few svg.image { width: 1.8rem; height: 1.8rem; }
  :root { --c0: #0b5cad; --c1: #b3410e; --c2: #1d7a46; --c3: #8a3ab9; --c4: #a3285f; --c5: #7a6200; } }
`;
