import type { WatchedRun } from '@medbench/runner/watch';
import { html, Markup } from '../html/escape.js';
import { contentPolicy, type PageParts, renderPage } from '../html/frame.js';
import { LIVE_SCRIPT } from './live-script.js';
import { curvesPart, pageState } from './parts.js';
import { LIVE_STYLE } from './style.js';

const PARTS: PageParts = { script: LIVE_SCRIPT, style: LIVE_STYLE, connects: true };

/** The content security policy of the page, for the server's header. */
export const watchPagePolicy = (): string => `${contentPolicy(PARTS)}; frame-ancestors 'none'`;

/**
 * The page that follows a run: what happens, curves, the table as it fills, units, and what failed. Its script asks the
 * server that it is from for changes (`events`) and loads nothing else. Without scripts it shows one moment.
 */
export function renderWatchPage(run: WatchedRun): string {
  const { title, parts, curves } = pageState(run);
  const part = (name: string, element = 'div', attributes = ''): Markup =>
    new Markup(`<${element} data-part="${name}"${attributes}>${parts[name]}</${element}>\n`);
  return renderPage(
    title,
    html`<link rel="icon" href="data:,">${part('heading')}<p id="connection" class="banner" role="status" hidden></p>`,
    html`${curvesPart(curves)}${part('results')}<section><h2>Units</h2>
${part('units')}</section>
${part('failures')}<section><h2>About this page</h2>
${part('unknown')}<p>It is read from the run folder alone, every two seconds, and shows no images and no texts of the data. Whether finished files
follow from the present data and code, it cannot tell: <code>medbench status</code> can.</p>
<p><a href="state.json">state.json</a> has all of it for programs.</p>
<noscript><p>Without scripts this page shows one moment. Load it again to see the newest.</p></noscript>
</section>
`,
    html`<section class="now"><h2>Progress</h2>
${part('status', 'p', ' role="status"')}${part('progress')}</section>
`,
    PARTS,
  );
}
