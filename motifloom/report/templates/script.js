"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);

  // Colours: as the system, light, dark, in turn; remembered where the browser lets a file remember.
  const themes = ["system", "light", "dark"];
  const remember = (value) => {
    try {
      if (value === undefined) return localStorage.getItem("motifloom-theme");
      localStorage.setItem("motifloom-theme", value);
    } catch { /* storage is closed to local files in some browsers */ }
    return value;
  };
  const paint = (theme) => {
    document.documentElement.dataset.theme = theme;
    const label = "Colours: " + (theme === "system" ? "as the system" : theme);
    byId("theme").title = label;
    byId("theme").setAttribute("aria-label", label);
  };
  paint(themes.includes(remember()) ? remember() : "system");
  byId("theme").addEventListener("click", () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length];
    remember(next);
    paint(next);
  });

  // Tables: a click on a heading sorts; rows are table rows or, where a row has a panel, table bodies.
  const missing = (text) => text === "" || text === "–";
  const value = (item, column) => {
    const row = item.tagName === "TBODY" ? item.rows[0] : item;
    const cell = row.cells[column];
    return (cell.dataset.v ?? cell.textContent).trim();
  };
  const sort = (table, heading, button) => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    all("thead th[aria-sort]", table).forEach((other) => other.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const column = heading.cellIndex;
    const numeric = button.dataset.sort === "num";
    const bodies = table.querySelector("tbody.filter") ? [...table.tBodies] : null;
    const parent = bodies ? table : table.tBodies[0];
    const items = bodies ?? [...parent.rows];
    const keyed = items.map((item) => [value(item, column), item]);
    const compare = (a, b) => numeric ? Number(a.replace("−", "-")) - Number(b.replace("−", "-"))
      : a.localeCompare(b, undefined, { numeric: true, sensitivity: "base" });
    // What is missing stays last in both directions.
    keyed.sort(([a], [b]) => missing(a) - missing(b) || (missing(a) ? 0 : (down ? -1 : 1) * compare(a, b)));
    parent.append(...keyed.map(([, item]) => item));
  };
  all("table.sortable").forEach((table) => {
    all("button.sort", table).forEach((button) => {
      button.addEventListener("click", () => sort(table, button.closest("th"), button));
    });
  });

  // The table of filters: seed, method, search and q-value decide together which rows show.
  const state = { seed: null, method: null };
  const filters = all("tbody.filter");
  const shown = new Set((byId("filter-table")?.dataset.seeds ?? "").split(" "));
  const refresh = () => {
    if (!filters.length) return;
    const words = byId("filter-search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const limit = byId("filter-matched")?.checked ? Number(byId("filter-q").value) : null;
    let visible = 0;
    let candidates = 0;
    for (const body of filters) {
      const mine = body.dataset.run === state.seed && body.dataset.method === state.method;
      const near = limit === null || (body.dataset.q !== "" && Number(body.dataset.q) < limit);
      const found = words.every((word) => body.dataset.text.includes(word));
      body.hidden = !(mine && near && found);
      candidates += mine;
      visible += !body.hidden;
    }
    byId("filter-count").textContent = visible + " of " + candidates;
    byId("filter-none").hidden = visible > 0 || !shown.has(state.seed);
  };
  const open = (body, wanted) => {
    body.rows[1].hidden = !wanted;
    body.classList.toggle("open", wanted);
    body.querySelector(".opener").setAttribute("aria-expanded", String(wanted));
  };
  byId("filter-table")?.addEventListener("click", (event) => {
    const row = event.target.closest("tr.row");
    // Marking text in a row is no click on it.
    if (row && (event.target.closest(".opener") || !getSelection().toString())) {
      open(row.parentElement, row.nextElementSibling.hidden);
    }
  });
  ["filter-search", "filter-matched", "filter-q"].forEach((id) => byId(id)?.addEventListener("input", refresh));
  byId("filter-q")?.addEventListener("input", () => {
    byId("filter-matched").checked = true;
    refresh();
  });

  // Switches: one of several buttons is pressed; what belongs to the others is hidden.
  const choose = (kind, wanted) => {
    all(`[data-switch="${kind}"] button`).forEach((button) => {
      button.setAttribute("aria-pressed", String(button.value === wanted));
    });
    if (kind !== "method") all(`[data-${kind}]`).forEach((item) => { item.hidden = item.dataset[kind] !== wanted; });
    state[kind] = wanted;
    refresh();
  };
  all("[data-switch]").forEach((group) => {
    group.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) choose(group.dataset.switch, button.value);
    });
  });
  state.seed = document.querySelector('[data-switch="seed"] button')?.value ?? filters[0]?.dataset.run;
  state.method = filters[0]?.dataset.method;
  refresh();

  // A link to a filter opens its row, whatever was chosen before.
  const follow = () => {
    const body = byId(decodeURIComponent(location.hash.slice(1)));
    if (!body?.matches("tbody.filter")) return;
    byId("filter-search").value = "";
    if (byId("filter-matched")) byId("filter-matched").checked = false;
    choose("method", body.dataset.method);
    choose("seed", body.dataset.run);
    open(body, true);
    body.scrollIntoView({ block: "center", behavior: "instant" });
  };
  addEventListener("hashchange", follow);
  follow();

  // The bar marks the section that is being read.
  const links = new Map(all(".bar-links a").map((link) => [link.hash.slice(1), link]));
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((entry) => entry.isIntersecting)) {
      links.forEach((link, id) => {
        if (id === entry.target.id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  links.forEach((_, id) => byId(id) && observer.observe(byId(id)));
  document.documentElement.dataset.ready = "yes";
})();
