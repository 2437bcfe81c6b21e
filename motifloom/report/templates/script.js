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

  // Tables: a click on a heading sorts. What sorts is a table's row or, of filters, a body of rows.
  const missing = (text) => text === "" || text === "–";
  const value = (item, column) => {
    const row = item.tagName === "TBODY" ? item.rows[0] : item;
    const cell = row.cells[column];
    return (cell.dataset.v ?? cell.textContent).trim();
  };
  // Turn the order of a heading, forget those of the others, and return whether it goes down.
  const direct = (table, heading, button) => {
    const now = heading.getAttribute("aria-sort");
    const down = now === "none" ? button.dataset.first === "down" : now === "ascending";
    all("thead th[aria-sort]", table).forEach((other) => other.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    return down;
  };
  const sorted = (items, { heading, button, down }) => {
    const keyed = items.map((item) => [value(item, heading.cellIndex), item]);
    const compare = (a, b) => button.dataset.sort === "num" ? Number(a.replace("−", "-")) - Number(b.replace("−", "-"))
      : a.localeCompare(b, undefined, { numeric: true, sensitivity: "base" });
    // What is missing stays last in both directions.
    keyed.sort(([a], [b]) => missing(a) - missing(b) || (missing(a) ? 0 : (down ? -1 : 1) * compare(a, b)));
    return keyed.map(([, item]) => item);
  };

  // The table of filters, on the pages that have one.
  const none = { table: null, state: {}, refresh() {}, start() {}, fit() {}, find: byId };
  const filters = typeof filterTable === "undefined" ? none : filterTable;
  filters.start(direct, sorted);
  all("table.sortable").filter((table) => table !== filters.table).forEach((table) => {
    all("button.sort", table).forEach((button) => {
      button.addEventListener("click", () => {
        const heading = button.closest("th");
        const body = table.tBodies[0];
        body.append(...sorted([...body.rows], { heading, button, down: direct(table, heading, button) }));
      });
    });
  });

  // Switches: one of several buttons is pressed; what belongs to the others is hidden.
  const choose = (kind, wanted) => {
    all(`[data-switch="${kind}"] button`).forEach((button) => {
      button.setAttribute("aria-pressed", String(button.value === wanted));
    });
    all(`[data-${kind}]:not(tbody)`).forEach((item) => { item.hidden = item.dataset[kind] !== wanted; });
    filters.state[kind] = wanted;
    filters.refresh();
  };
  all("[data-switch]").forEach((group) => {
    group.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) choose(group.dataset.switch, button.value);
    });
  });
  const first = filters.table?.querySelector("tbody.filter");
  filters.state.seed = document.querySelector('[data-switch="seed"] button')?.value ?? first?.dataset.run;
  filters.state.method = first?.dataset.method;
  filters.refresh();
  filters.fit();

  // A link to a filter opens its row, whatever was chosen before.
  const follow = () => {
    const wanted = location.hash.slice(1);
    let name = wanted;
    try { name = decodeURIComponent(wanted); } catch { /* a name with a percent sign */ }
    const body = filters.find(name) ?? filters.find(wanted);
    if (!body?.matches("tbody.filter")) return;
    filters.reset();
    choose("method", body.dataset.method);
    choose("seed", body.dataset.run);
    filters.open(body, true);
    body.scrollIntoView({ block: "start", behavior: "instant" });
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
