// The table of filters: which rows show, panels, sorting by one class.
const filterTable = (() => {
  const byId = (id) => document.getElementById(id);
  const table = byId("filter-table");
  const read = (id) => JSON.parse(byId(id)?.textContent ?? "null");
  const blocks = new Map();
  // Parsed when first needed: a page opens before anyone looks into a panel.
  const block = (seed) => {
    if (!blocks.has(seed)) blocks.set(seed, read(`filters-seed${seed}`));
    return blocks.get(seed);
  };
  let common = null;
  const shared = () => (common ??= read("filters-shared"));
  const panelOf = new Map();

  // The rows of one seed and method, which stand in a template until they are first shown.
  const state = { seed: null, method: null };
  const groups = new Map();
  const current = () => {
    const key = `${state.seed} ${state.method}`;
    if (!groups.has(key)) {
      const kept = [...(table?.querySelectorAll("template") ?? [])].find((one) => one.dataset.run === state.seed && one.dataset.method === state.method);
      if (kept) {
        table.append(kept.content);
        kept.remove();
      }
      groups.set(key, [...(table?.tBodies ?? [])].filter((body) => body.dataset.run === state.seed && body.dataset.method === state.method));
      arrange();
    }
    return groups.get(key);
  };
  const shown = new Set((table?.dataset.seeds ?? "").split(" "));
  const find = (id) => {
    const kept = [...(table?.querySelectorAll("template") ?? [])].map((one) => one.content.getElementById(id)).find(Boolean);
    return kept ?? byId(id);
  };

  // The effect of a filter on a class, by the test that the dots show: [size, q].
  const effectOf = (body, target) => {
    const { effect } = shared();
    const own = block(Number(body.dataset.run));
    const test = (own.tests ?? []).findIndex((one) => effect.slice(0, 3).every((part, i) => part === one[i]));
    const place = shared().targets.indexOf(shared().dotted[target]);
    const row = own.filters[body.dataset.place].enrichment?.[test]?.find((one) => one[0] === place);
    if (!row) return [null, null];
    const value = row[5 + own.tests[test][3].indexOf(effect[3])];
    return [value === null ? null : value - (effect[3] === "auc" ? 0.5 : 0), row[4]];
  };

  const passes = (body, which, limit) => {
    const below = (text) => text !== undefined && text !== "" && Number(text) < limit;
    if (which === "matched") return below(body.dataset.q);
    if (which === "important") return body.dataset.important !== undefined;
    if (which === "enriched") return below(body.dataset.enriched);
    if (which.startsWith("enriched:")) {
      const [size, q] = effectOf(body, Number(which.slice(9)));
      return size > 0 && q !== null && q < limit;
    }
    return true;
  };
  let before = [];
  const refresh = () => {
    if (!table) return;
    const words = byId("filter-search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const which = byId("filter-which")?.value ?? "all";
    const limit = Number(byId("filter-q")?.value ?? 1);
    if (byId("filter-q")) byId("filter-q").disabled = which === "all" || which === "important";
    const bodies = current();
    if (before !== bodies) before.forEach((body) => { body.hidden = true; });
    before = bodies;
    bodies.forEach((body) => {
      body.hidden = !(passes(body, which, limit) && words.every((word) => body.dataset.text.includes(word)));
    });
    const visible = bodies.filter((body) => !body.hidden).length;
    byId("filter-count").textContent = visible + " of " + bodies.length;
    byId("filter-none").hidden = visible > 0 || !shown.has(state.seed);
  };

  const open = (body, wanted) => {
    if (wanted && !panelOf.has(body)) {
      const made = panels.build(shared(), block, Number(body.dataset.run), Number(body.dataset.place), body.dataset.method);
      const cell = charts.html("td", { colspan: body.rows[0].cells.length }, made.node);
      body.append(charts.html("tr", { class: "panel", hidden: true }, cell));
      panelOf.set(body, made);
    }
    if (body.rows[1]) body.rows[1].hidden = !wanted;
    body.classList.toggle("open", wanted);
    body.querySelector(".opener").setAttribute("aria-expanded", String(wanted));
    if (wanted) panelOf.get(body).fit();
  };
  table?.addEventListener("click", (event) => {
    const row = event.target.closest("tr.row");
    // Marking text in a row is no click on it.
    if (row && (event.target.closest(".opener") || !getSelection().toString())) {
      open(row.parentElement, !row.parentElement.classList.contains("open"));
    }
  });
  ["filter-search", "filter-which", "filter-q"].forEach((id) => byId(id)?.addEventListener("input", refresh));

  // A wide table takes the margins of the page, too. Where all of it is in view, its heading stays there as
  // the page scrolls; else the table scrolls by itself, and panels are as wide as what is seen of it.
  const book = document.querySelector(".book");
  const fit = () => {
    if (!book) return;
    const beyond = () => book.scrollWidth > book.clientWidth + 1;
    book.classList.remove("fits", "out");
    book.style.removeProperty("--seen");
    book.classList.toggle("out", beyond());
    book.classList.toggle("fits", !beyond());
    book.style.setProperty("--seen", `${book.clientWidth}px`);
    panelOf.forEach((made, body) => { if (body.classList.contains("open") && !body.hidden) made.fit(); });
  };
  let waiting = null;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(fit, 150);
  });

  // Sorting: by a column, or by one class, whose label stands above the dots; the enrichment column then
  // holds that class's effect. Rows that are shown later take the same order.
  const heading = byId("enrichment-head");
  let target = null;
  let order = null;
  let sorter = null;
  const arrange = () => {
    if (!order) return;
    const bodies = current();
    if (order.heading === heading) {
      bodies.forEach((body) => {
        const cell = body.rows[0].cells[heading.cellIndex];
        cell.dataset.all ??= cell.dataset.v;
        cell.dataset.v = target === null ? cell.dataset.all : effectOf(body, target)[0] ?? "";
      });
      heading.querySelectorAll(".target").forEach((button) => button.setAttribute("aria-pressed", String(Number(button.dataset.target) === target && target !== null)));
    }
    table.append(...sorter(bodies, order));
  };
  const start = (direct, sorted) => {
    sorter = sorted;
    table?.querySelectorAll("button.sort, button.target").forEach((button) => button.addEventListener("click", () => {
      const chosen = button.dataset.target === undefined ? null : Number(button.dataset.target);
      const now = button.closest("th");
      const pressed = chosen === null ? button : now.querySelector(".sort");
      if (chosen !== target && now === heading) now.setAttribute("aria-sort", "none");
      target = now === heading ? chosen : null;
      order = { heading: now, button: pressed, down: direct(table, now, pressed) };
      if (now !== heading) heading?.querySelectorAll(".target").forEach((other) => other.setAttribute("aria-pressed", "false"));
      arrange();
    }));
  };

  const reset = () => {
    byId("filter-search").value = "";
    if (byId("filter-which")) byId("filter-which").value = "all";
  };
  return { state, table, refresh, open, reset, find, start, fit };
})();
