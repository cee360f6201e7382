// Made by scripts/build-page-script.mjs from browser/. Do not edit.

/** All that runs in the page. */
export const PAGE_SCRIPT = `"use strict";
(() => {
  // filter.ts
  function filterTables(document2) {
    for (const section of document2.querySelectorAll("[data-filter]")) filterSection(document2, section);
  }
  var listFacets = (section) => (section.dataset.facets ?? "").split(";").flatMap((facet) => {
    const [key, name] = facet.split(":");
    return key && name ? [[key, name]] : [];
  });
  var facetValues = (row, key) => (row.getAttribute(\`data-facet-\${key}\`) ?? "").split("\\n").filter(Boolean);
  function filterSection(document2, section) {
    const tables = [...section.querySelectorAll("table.sortable")];
    const bar = document2.createElement("div");
    bar.className = "filter";
    bar.setAttribute("role", "search");
    bar.setAttribute("aria-label", "Filter the results");
    const addField = (name, element) => {
      const label = document2.createElement("label");
      label.append(\`\${name} \`, element);
      bar.append(label);
      element.addEventListener("input", apply);
    };
    const addChoice = (name, values) => {
      const select = document2.createElement("select");
      for (const value of ["", ...values]) {
        const option = document2.createElement("option");
        option.value = value;
        option.textContent = value || "all";
        select.append(option);
      }
      if (values.length > 1) addField(name, select);
      return select;
    };
    const text = document2.createElement("input");
    text.type = "search";
    addField("Rows with", text);
    const ofColumns = (key) => [
      ...new Set([...section.querySelectorAll(\`th[data-\${key}]\`)].map((head) => head.dataset[key]))
    ];
    const modality = addChoice("Modality", ofColumns("modality"));
    const protocol = addChoice("Protocol", ofColumns("protocol"));
    const facets = listFacets(section).map(([key, name]) => {
      const rows = [...section.querySelectorAll(\`tr[data-facet-\${key}]\`)];
      const values = [...new Set(rows.flatMap((row) => facetValues(row, key)))];
      return [
        key,
        addChoice(
          name,
          values.sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
        )
      ];
    });
    const status = document2.createElement("span");
    status.setAttribute("role", "status");
    bar.append(status);
    section.querySelector("h2").after(bar);
    function apply() {
      const words = text.value.toLowerCase().split(/\\s+/).filter(Boolean);
      const choice = {
        ...{ words, modality: modality.value, protocol: protocol.value },
        facets: facets.flatMap(([key, { value }]) => value === "" ? [] : [[key, value]])
      };
      const rows = /* @__PURE__ */ new Set();
      let columns = 0;
      for (const table of tables) {
        const shown = filterTable(table, choice, facets.length > 0);
        columns += shown.columns;
        for (const row of shown.rows) rows.add(row);
      }
      const count = (n, noun) => \`\${n} \${noun}\${n === 1 ? "" : "s"}\`;
      const filtered = words.length > 0 || [modality, protocol, ...facets.map(([, menu]) => menu)].some(({ value }) => value);
      status.textContent = filtered ? \`\${count(rows.size, "row")}, \${count(columns, "column")}\` : "";
    }
  }
  function filterTable(table, choice, measured) {
    const heads = [...table.querySelectorAll("th[data-column]")];
    const holdsData = (head) => head.dataset.protocol !== void 0;
    const shown = heads.map(
      (head) => !holdsData(head) || (!choice.modality || head.dataset.modality === choice.modality) && (!choice.protocol || head.dataset.protocol === choice.protocol)
    );
    const columns = heads.filter((head, i) => shown[i] && holdsData(head)).length;
    heads.forEach((head, i) => {
      head.hidden = !shown[i];
    });
    const data = heads.flatMap(
      (head, i) => holdsData(head) ? [{ index: Number(head.dataset.column), shown: shown[i] }] : []
    );
    const groups = data.map((column) => column.shown);
    for (const line of [...table.tHead.rows].slice(0, -1)) spanShown(line, groups);
    const rows = [];
    for (const body of table.tBodies) {
      for (const row of body.rows) {
        const name = row.cells[0].textContent.toLowerCase();
        const matches = choice.words.every((word) => name.includes(word)) && choice.facets.every(([key, value]) => facetValues(row, key).includes(value));
        const empty = measured && !data.some(({ index, shown: shown2 }) => shown2 && row.cells[index].dataset.value !== void 0);
        row.hidden = !matches || empty;
        if (!row.hidden) rows.push(name);
        heads.forEach((head, i) => {
          row.cells[Number(head.dataset.column)].hidden = !shown[i];
        });
      }
    }
    table.parentElement.hidden = columns === 0 && heads.some(holdsData);
    return { rows, columns };
  }
  function spanShown(line, shown) {
    let start = 0;
    for (const group of line.querySelectorAll("th.group")) {
      const span = Number(group.dataset.span || group.colSpan);
      group.dataset.span = String(span);
      const count = shown.slice(start, start + span).filter(Boolean).length;
      start += span;
      group.hidden = count === 0;
      if (count > 0) group.colSpan = count;
    }
  }

  // sort.ts
  function sortTables(root) {
    for (const table of root.querySelectorAll("table.sortable")) {
      const heads = [...table.querySelectorAll("th[data-column]")];
      for (const head of heads) {
        const label = head.querySelector(".label");
        const button = head.ownerDocument.createElement("button");
        button.type = "button";
        button.className = "sort";
        button.append(...label.childNodes);
        label.replaceWith(button);
        button.addEventListener("click", () => sortBy(table, heads, head));
      }
    }
  }
  function sortBy(table, heads, head) {
    const column = Number(head.dataset.column);
    const direction = head.getAttribute("aria-sort");
    const sign = direction === null ? "lower" in head.dataset ? 1 : -1 : direction === "descending" ? 1 : -1;
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
    const compare = "text" in head.dataset ? (x, y) => x.localeCompare(y) : compareNumbers;
    const valueIn = (row) => row.cells[column].dataset.value;
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter((row) => row.cells.length > column);
      rows.sort((a, b) => {
        const [x, y] = [valueIn(a), valueIn(b)];
        if (x === void 0 || y === void 0) return Number(x === void 0) - Number(y === void 0);
        return sign * compare(x, y);
      });
      body.append(...rows);
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
    for (const table of root.querySelectorAll("table")) {
      const first = table.querySelector("td.number, td.failed");
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
    const rows = [...cell.closest("table").tBodies].flatMap((body) => [...body.rows]).filter((row2) => !row2.hidden);
    const row = rows[rows.indexOf(cell.parentElement) + down];
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

  // index.ts
  sortTables(document);
  filterTables(document);
  showTips(document);
})();
`;
