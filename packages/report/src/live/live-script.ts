// Made by scripts/build-page-script.mjs from browser/. Do not edit.

/** All that runs in the page that follows a run. */
export const LIVE_SCRIPT = `"use strict";
(() => {
  // ../src/html/escape.ts
  var Markup = class {
    constructor(text) {
      this.text = text;
    }
    text;
  };
  var ENTITIES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;"
  };
  var UNSAFE = /(?![\\t\\n])\\p{Cc}|\\p{Bidi_Control}/gu;
  var escapeHtml = (text) => text.replaceAll(UNSAFE, "").replaceAll(/[&<>"']/g, (character) => ENTITIES[character]);
  function insert(part) {
    if (part === void 0 || part === false) return "";
    if (part instanceof Markup) return part.text;
    if (typeof part === "object") return part.map(insert).join("");
    return escapeHtml(String(part));
  }
  var html = (strings, ...values) => new Markup(strings.reduce((text, string, i) => text + insert(values[i - 1]) + string));

  // ../src/live/curves.ts
  var COLOURS = 6;
  var GLYPHS = ["\\u25CF", "\\u25A0", "\\u25B2", "\\u25C6", "\\u271A", "\\u2605"];
  var MARGIN = { left: 46, right: 14, top: 24, bottom: 40 };
  var colourClass = (look) => look < 0 ? "grey" : \`c\${look % COLOURS}\`;
  var glyph = (look) => look < 0 ? "\\u25CB" : GLYPHS[(look + Math.floor(look / COLOURS)) % GLYPHS.length];
  function ticks(low, high, count) {
    if (!(high > low)) return [low];
    const rough = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
    const first = Math.ceil(low / step - 1e-9);
    const last = Math.floor(high / step + 1e-9);
    return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  }
  var round = (value) => Math.round(value * 100) / 100;
  var formatTick = (value) => Math.abs(value) >= 1e4 ? \`\${Number((value / 1e3).toPrecision(4))}k\` : String(Number(value.toPrecision(6)));
  var formatLoss = (loss) => loss.toFixed(Math.abs(loss) < 10 ? 3 : 1);
  function describe({ title, seed, loss, validation }) {
    const [last, valid] = [loss.at(-1), validation.at(-1)];
    if (!last) return \`\${title}, seed \${seed}: no step yet\`;
    const more = valid ? \`, validation \${formatLoss(valid[1])} after \${valid[0]} steps\` : "";
    return \`\${title}, seed \${seed}: \${formatLoss(last[1])} at step \${last[0]}\${more}\`;
  }
  function drawCurves(curves2, { width, height }) {
    const points = curves2.flatMap(({ loss, validation }) => [...loss, ...validation]);
    const plotted = points.map(([, loss]) => loss).filter(Number.isFinite);
    const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom];
    const most = Math.max(1, ...curves2.map(({ steps }) => steps), ...points.map(([step]) => step));
    const low = plotted.length > 0 ? plotted.reduce((a, b) => Math.min(a, b)) : 0;
    const high = plotted.length > 0 ? plotted.reduce((a, b) => Math.max(a, b)) : 1;
    const room = (high - low || Math.abs(high) || 1) * 0.05;
    const [from, to] = [low - room, high + room];
    const x = (step) => round(MARGIN.left + (right - MARGIN.left) * step / most);
    const y = (loss) => round(bottom - (bottom - MARGIN.top) * (loss - from) / (to - from));
    const path = (line) => {
      const finite = line.filter(([, loss]) => Number.isFinite(loss));
      const drawn = finite.map(([step, loss], i) => \`\${i === 0 ? "M" : "L"}\${x(step)},\${y(loss)}\`).join("");
      return finite.length === 1 ? \`\${drawn}h0\` : drawn;
    };
    const yTicks = plotted.length > 0 ? ticks(from, to, 4) : [];
    const grid = yTicks.map(
      (value) => html\`<line class="grid" x1="\${MARGIN.left}" x2="\${right}" y1="\${y(value)}" y2="\${y(value)}"/><text x="\${MARGIN.left - 6}" y="\${y(value)}" dy="0.32em" text-anchor="end">\${formatTick(value)}</text>\`
    );
    const xTicks = ticks(0, most, Math.max(2, Math.floor((right - MARGIN.left) / 110))).filter(Number.isInteger);
    const axis = xTicks.map(
      (value) => html\`<line class="axis" x1="\${x(value)}" x2="\${x(value)}" y1="\${bottom}" y2="\${bottom + 4}"/><text x="\${x(value)}" y="\${bottom + 17}" text-anchor="\${x(value) > right - 12 ? "end" : "middle"}">\${formatTick(value)}</text>\`
    );
    const lines = curves2.map((curve) => {
      const last = curve.loss.at(-1);
      return html\`<g class="curve \${colourClass(curve.look)}">\${curve.validation.length > 0 && html\`<path class="validation" d="\${path(curve.validation)}"/>\`}<path d="\${path(curve.loss)}"/>\${last !== void 0 && Number.isFinite(last[1]) && html\`<text class="end" x="\${x(last[0])}" y="\${y(last[1])}" dy="0.35em" text-anchor="middle">\${glyph(curve.look)}<title>\${describe(curve)}</title></text>\`}</g>\`;
    });
    return html\`<svg role="img" aria-labelledby="curves-title" aria-describedby="curves-desc" viewBox="0 0 \${width} \${height}" font-size="12" fill="currentColor">
<title id="curves-title">Loss by step</title><desc id="curves-desc">\${curves2.length === 0 ? "No training has begun, or all are hidden." : curves2.map(describe).join("; ")}</desc>
\${grid}<line class="axis" x1="\${MARGIN.left}" x2="\${right}" y1="\${bottom}" y2="\${bottom}"/>\${axis}
<text x="\${MARGIN.left - 40}" y="12">loss</text><text x="\${(MARGIN.left + right) / 2}" y="\${height - 5}" text-anchor="middle">step</text>
\${lines}\${curves2.length === 0 && html\`<text x="\${(MARGIN.left + right) / 2}" y="\${(MARGIN.top + bottom) / 2}" text-anchor="middle">\${"no curve to show"}</text>\`}</svg>\`;
  }
  function drawCurveLegend(curves2, hidden2) {
    const rows2 = [...new Map(curves2.map((curve) => [curve.row, curve])).values()];
    return html\`\${rows2.map(
      ({ row, title, look, synthetic }) => html\`<li><button type="button" data-row="\${row}" aria-pressed="\${String(!hidden2.has(row))}"><span class="\${colourClass(look)}" aria-hidden="true">\${glyph(look)}</span> <bdi>\${title}</bdi>\${synthetic && "\\xA0*"}</button></li>\`
    )}\`;
  }
  function curveTable(curves2) {
    const cell = (point) => html\`<td class="number">\${point ? formatLoss(point[1]) : "\\u2014"}</td><td class="number">\${point ? point[0] : "\\u2014"}</td>\`;
    const lowest = (points) => points.reduce(
      (best, point) => best === void 0 || point[1] < best[1] ? point : best,
      void 0
    );
    return html\`<table><caption><span>Losses so far, and the steps at which they were computed</span></caption>
<thead><tr><th scope="col">Row</th><th scope="col" class="number">Seed</th><th scope="col" class="number">First loss</th><th scope="col" class="number">at step</th><th scope="col" class="number">Last loss</th><th scope="col" class="number">at step</th><th scope="col" class="number">Lowest validation loss</th><th scope="col" class="number">at step</th></tr></thead>
<tbody>\${curves2.map(
      (curve) => html\`<tr><th scope="row"><bdi>\${curve.title}</bdi>\${curve.synthetic && "\\xA0*"}</th><td class="number">\${curve.seed}</td>\${cell(curve.loss[0])}\${cell(curve.loss.at(-1))}\${cell(lowest(curve.validation))}</tr>\`
    )}</tbody></table>\`;
  }

  // sort.ts
  function sortTables(root) {
    for (const table2 of root.querySelectorAll("table.sortable")) {
      const heads = [...table2.querySelectorAll("th[data-column]")];
      for (const head of heads) {
        const label = head.querySelector(".label");
        const button = head.ownerDocument.createElement("button");
        button.type = "button";
        button.className = "sort";
        button.append(...label.childNodes);
        label.replaceWith(button);
        button.addEventListener("click", () => sortBy(table2, heads, head));
      }
    }
  }
  function sortBy(table2, heads, head) {
    const column = Number(head.dataset.column);
    const direction = head.getAttribute("aria-sort");
    const sign = direction === null ? "lower" in head.dataset ? 1 : -1 : direction === "descending" ? 1 : -1;
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
    const compare = "text" in head.dataset ? (x, y) => x.localeCompare(y) : compareNumbers;
    const valueIn = (row) => row.cells[column].dataset.value;
    for (const body of table2.tBodies) {
      const rows2 = [...body.rows].filter((row) => row.cells.length > column);
      rows2.sort((a, b) => {
        const [x, y] = [valueIn(a), valueIn(b)];
        if (x === void 0 || y === void 0) return Number(x === void 0) - Number(y === void 0);
        return sign * compare(x, y);
      });
      body.append(...rows2);
    }
  }
  var compareNumbers = (x, y) => Number(x) - Number(y) || 0;

  // tips.ts
  var STEPS = {
    ArrowRight: [0, 1],
    ArrowLeft: [0, -1],
    ArrowDown: [1, 0],
    ArrowUp: [-1, 0]
  };
  var REST = 400;
  function showTips(document2) {
    const tip = new Tip(document2);
    prepareTips(document2.querySelector("main"));
    document2.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return tip.hide();
      const cell = closest(event, "td[tabindex]");
      const step = STEPS[event.key];
      const next = cell && step && neighbour(cell, step);
      if (!next) return;
      event.preventDefault();
      focusCell(next);
    });
    document2.addEventListener("click", (event) => {
      const button = closest(event, ".def");
      if (button) return tip.element === button ? tip.hide() : tip.show(button, [readTitle(button)]);
      const cell = numberCell(event);
      if (!cell) return tip.hide();
      if (closest(event, "a")) return;
      focusCell(cell);
      tip.show(cell, listLines(cell));
    });
    document2.addEventListener("focusin", (event) => {
      const cell = numberCell(event);
      if (cell && cell === event.target) tip.show(cell, listLines(cell));
    });
    let resting;
    document2.addEventListener("pointerover", (event) => {
      clearTimeout(resting);
      const cell = event.pointerType === "mouse" ? numberCell(event) : null;
      if (cell) resting = setTimeout(() => tip.show(cell, listLines(cell)), REST);
      else if (tip.element && tip.element !== document2.activeElement) tip.hide();
    });
    document2.addEventListener("focusout", (event) => {
      if (event.target === tip.element) tip.hide();
    });
  }
  function prepareTips(root) {
    for (const element of root.querySelectorAll("td [title]")) {
      element.dataset.tip = element.title;
      element.removeAttribute("title");
    }
    for (const table2 of root.querySelectorAll("table")) {
      const first = table2.querySelector("td.number, td.failed");
      if (first) first.tabIndex = 0;
    }
  }
  var Tip = class {
    constructor(document2) {
      this.document = document2;
      this.#box = document2.createElement("div");
      this.#box.className = "tip";
      this.#box.id = "tip";
      this.#box.setAttribute("role", "tooltip");
      this.#box.setAttribute("dir", "auto");
      this.#box.hidden = true;
      document2.body.append(this.#box);
    }
    document;
    /** The element that the tip explains; undefined while the tip is hidden. */
    element;
    #box;
    hide() {
      this.#box.hidden = true;
      this.element?.removeAttribute("aria-describedby");
      this.element = void 0;
    }
    show(element, lines) {
      if (this.element === element) return;
      this.hide();
      const paragraphs = lines.filter(Boolean).map((line) => {
        const paragraph = this.document.createElement("p");
        paragraph.textContent = line;
        return paragraph;
      });
      this.#box.replaceChildren(...paragraphs);
      if (paragraphs.length === 0) return;
      this.#box.hidden = false;
      this.element = element;
      element.setAttribute("aria-describedby", "tip");
      const place = element.getBoundingClientRect();
      const box = this.#box.getBoundingClientRect();
      const pageWidth = this.document.documentElement.clientWidth;
      const below = place.bottom + box.height + 8 < window.innerHeight || place.top < box.height + 8;
      this.#box.style.left = \`\${Math.max(8, Math.min(place.left, pageWidth - box.width - 8)) + window.scrollX}px\`;
      this.#box.style.top = \`\${(below ? place.bottom + 6 : place.top - box.height - 6) + window.scrollY}px\`;
    }
  };
  var closest = (event, selector) => event.target instanceof Element ? event.target.closest(selector) : null;
  var numberCell = (event) => closest(event, "main td.number, main td.failed");
  var readTitle = (element) => element?.getAttribute("title");
  var readText = (element) => element ? element.textContent.replace(/\\s+/g, " ").trim() : "";
  function findHeader(cell) {
    const head = cell.closest("table").tHead;
    return head && (head.querySelector(\`[data-column="\${cell.cellIndex}"]\`) ?? head.rows[head.rows.length - 1].cells[cell.cellIndex]);
  }
  function listLines(cell) {
    const head = findHeader(cell);
    const definition = head?.querySelector(".def");
    const notes = [...cell.querySelectorAll("[data-tip], .mark")].map(
      (element) => element.dataset.tip || element.getAttribute("aria-label")
    );
    const spread = cell.querySelector("small");
    const meanings = [
      ["\\xB1", "deviation"],
      ["[", "interval"]
    ].flatMap(([sign, kind]) => spread?.textContent?.includes(sign) ? cell.ownerDocument.body.dataset[kind] : []);
    const row = cell.parentElement.cells[0];
    const defined = readTitle(definition);
    const value = cell.dataset.value !== void 0 && cell.closest(".heat") && \`\${readText(cell.firstChild)} \${readText(spread)}\`;
    return [
      \`\${readText(row)} \\xB7 \${readTitle(head) || readText(head?.querySelector(".sort, .label") ?? head)}\`,
      value,
      defined && readText(definition) !== "?" ? \`\${readText(definition)}: \${defined}\` : defined,
      meanings.length > 0 && \`\${readText(spread)}: \${meanings.join(" ")}\`,
      ...notes
    ];
  }
  function neighbour(cell, [down, right]) {
    const rows2 = [...cell.closest("table").tBodies].flatMap((body) => [...body.rows]).filter((row2) => !row2.hidden);
    const row = rows2[rows2.indexOf(cell.parentElement) + down];
    let next = row?.cells[cell.cellIndex + right];
    while (next instanceof HTMLElement && next.hidden) {
      next = right < 0 ? next.previousElementSibling : next.nextElementSibling;
    }
    return next instanceof HTMLTableCellElement && next.tagName === "TD" ? next : void 0;
  }
  function focusCell(cell) {
    for (const other of cell.closest("table").querySelectorAll("td[tabindex]")) other.removeAttribute("tabindex");
    cell.tabIndex = 0;
    cell.focus();
  }

  // live/replace.ts
  function pathTo(element, root) {
    const path = [];
    for (let one = element; one !== root && one.parentElement; one = one.parentElement) {
      path.unshift([...one.parentElement.children].indexOf(one));
    }
    return path;
  }
  function focusAt(root, path) {
    let element = root;
    for (const index of path) element = element?.children[index];
    if (!(element instanceof HTMLElement)) return;
    if (element.tagName === "TD") {
      for (const other of root.querySelectorAll("td[tabindex]")) other.removeAttribute("tabindex");
      element.tabIndex = 0;
    }
    element.focus({ preventScroll: true });
  }
  function replacePart(part, markup, prepare2) {
    const chosen = part.querySelector("input:checked")?.value;
    const sorted = part.querySelector("th[aria-sort]");
    const column = sorted?.dataset.column;
    const direction = sorted?.getAttribute("aria-sort");
    const scrolled = [...part.querySelectorAll(".scroll")].map(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]);
    const active = document.activeElement;
    const focus = active && active !== part && part.contains(active) ? pathTo(active, part) : void 0;
    part.innerHTML = markup;
    prepare2(part);
    for (const input of part.querySelectorAll('input[type="radio"]')) {
      if (input.value === chosen) input.checked = true;
    }
    const head = column === void 0 ? null : part.querySelector(\`th[data-column="\${column}"]\`);
    const button = head?.querySelector(".sort");
    button?.click();
    if (head && head.getAttribute("aria-sort") !== direction) button?.click();
    [...part.querySelectorAll(".scroll")].forEach((element, i) => {
      const [left = 0, top = 0] = scrolled[i] ?? [];
      element.scrollTo(left, top);
    });
    if (focus) focusAt(part, focus);
  }

  // live/index.ts
  var curves = /* @__PURE__ */ new Map();
  var order = [];
  var hidden = /* @__PURE__ */ new Set();
  var plot = document.querySelector("[data-curves]");
  var legend = document.querySelector("[data-legend]");
  var table = document.querySelector("[data-curve-table]");
  var connection = document.querySelector("#connection");
  var listCurves = () => order.flatMap((id) => curves.get(id) ?? []);
  function drawPlot() {
    if (order.length === 0) return;
    const shown = listCurves().filter(({ row }) => !hidden.has(row));
    plot.innerHTML = drawCurves(shown, { width: plot.clientWidth, height: plot.clientHeight }).text;
  }
  var rows = "";
  function drawLegend() {
    const now = drawCurveLegend(listCurves(), /* @__PURE__ */ new Set()).text;
    if (now === rows) return;
    rows = now;
    legend.innerHTML = drawCurveLegend(listCurves(), hidden).text;
  }
  legend.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const row = button?.dataset.row;
    if (!button || row === void 0) return;
    if (!hidden.delete(row)) hidden.add(row);
    button.setAttribute("aria-pressed", String(!hidden.has(row)));
    drawPlot();
  });
  function apply({ title, parts, order: ids, curves: changed }) {
    document.title = title;
    for (const [name, markup] of Object.entries(parts)) {
      const part = document.querySelector(\`[data-part="\${name}"]\`);
      if (part) replacePart(part, markup, prepare);
    }
    for (const curve of changed) curves.set(curve.id, curve);
    const moved = ids.join() !== order.join();
    order = ids;
    if (changed.length === 0 && !moved) return;
    drawLegend();
    drawPlot();
    table.innerHTML = curveTable(listCurves()).text;
  }
  function prepare(part) {
    sortTables(part);
    prepareTips(part);
  }
  sortTables(document);
  showTips(document);
  new ResizeObserver(drawPlot).observe(plot);
  var source = new EventSource("events");
  source.addEventListener("change", (event) => {
    connection.hidden = true;
    apply(JSON.parse(event.data));
  });
  source.addEventListener("error", () => {
    connection.textContent = "The server of this page has ended: this is the last state that it sent.";
    connection.hidden = false;
  });
})();
`;
