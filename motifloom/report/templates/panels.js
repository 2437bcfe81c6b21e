// The panel of a filter: cards, each drawn from the seed's block of numbers as wide as it is on the page.
const panels = (() => {
  const {
    html, svg, text, titled, picture, missing, number, count, chance, linear, bottomAxis, leftAxis,
    turned, logo, colour, diverging, box, lines, legend, heat, clipped,
  } = charts;
  // So many targets have a line each; of more, the largest have, and a heat map has all.
  const MANY = 6;
  const LARGEST = 3;
  const EFFECTS = { auc: "AUC", log2_fold_change: "log2 fold", odds_ratio: "odds", log2_odds_ratio: "log2 odds", correlation: "ρ" };

  // A context is one filter as one method of one seed sees it.
  const context = (shared, block, place, method) => {
    const record = block.filters[place];
    const at = block.methods.indexOf(method);
    const motif = (other, index = at) => block.filters[other].motifs?.[index] ?? null;
    return { shared, block, record, place, method, at, motif, size: block.letters.length };
  };
  const address = (seed, method, name) => `#${encodeURIComponent(`seed${seed}-${method}-${name}`)}`;
  const filterLink = (c, place) => html("a", { href: address(c.block.seed, c.method, c.block.filters[place].name) }, c.block.filters[place].name);
  const star = (q, c) => !missing(q) && q < c.shared.cutoff ? html("b", { class: "star-mark", title: `q below ${c.shared.cutoff}` }, "*") : null;
  const facts = (rows) => html("dl", { class: "facts" }, rows.filter(([, value]) => value !== null && value !== "–" && value !== "")
    .map(([name, value, title]) => html("div", { title }, html("dt", null, name), html("dd", null, value))));
  const table = (heads, rows) => html("div", { class: "scroll tall" }, html("table", null,
    html("thead", null, html("tr", null, heads.map(([name, kind, title]) => html("th", { scope: "col", class: kind, title }, name)))),
    html("tbody", null, rows)));
  const cell = (content, kind = null, title = null) => html("td", { class: kind, title }, content);

  // The motif, and beneath it what single letters do to the activation, on one axis of positions.
  const drawMotif = (c, width) => {
    const { size, record } = c;
    const letters = [...c.block.letters];
    const matrix = record.motifs?.[c.at] ?? null;
    const sensitive = record.sensitivity;
    const positions = matrix ? matrix.length / size : sensitive.reference.length;
    const left = 52;
    const right = sensitive ? 64 : 10;
    const unit = Math.max(5, Math.min(30, (width - left - right) / positions));
    const end = left + unit * positions;
    const parts = [];
    let y = 6;
    if (matrix) {
      const bits = Math.log2(size);
      parts.push(logo(c.shared.glyphs, letters, matrix, unit, 100, { transform: `translate(${left} ${y})` }));
      parts.push(leftAxis(linear(0, bits, y + 100, y), 0, bits, left - 4, "bits", size > 8 ? 4 : 2));
      y += 100;
    }
    if (sensitive) {
      const tall = size > 8 ? 9 : 16;
      const known = sensitive.means.filter((value) => !missing(value)).map(Math.abs);
      const most = Math.max(0.01, ...known);
      y += 16;
      const top = y;
      letters.forEach((letter, row) => {
        parts.push(text(left - 8, y + tall * (row + 0.5) + 3.5, letter, { "text-anchor": "end", class: "letter", style: size > 8 ? "font-size: 8px" : null }));
        for (let position = 0; position < positions; position += 1) {
          const value = sensitive.means[position * size + row];
          const own = sensitive.reference[position] === row;
          const square = svg("rect", { x: left + unit * position, y: y + tall * row, width: unit - 0.6, height: tall - 0.6, class: missing(value) ? "empty" : null, style: missing(value) ? null : `fill: ${diverging(value / most)}` });
          parts.push(titled(square, `position ${position}, to ${letter}: mean log2 ratio ${number(value, 2)}${own ? "; the sites' most frequent letter" : ""}`));
          if (own) parts.push(svg("circle", { class: "own", cx: left + unit * (position + 0.5) - 0.3, cy: y + tall * (row + 0.5) - 0.3, r: Math.min(2.4, unit / 5) }));
        }
      });
      y += tall * size;
      for (let i = 0; i < 24; i += 1) parts.push(svg("rect", { x: end + 10, y: top + (y - top) * i / 24, width: 9, height: (y - top) / 24 + 0.4, style: `fill: ${diverging(1 - i / 11.5)}` }));
      parts.push(text(end + 23, top + 8, number(most, 1)), text(end + 23, (top + y) / 2 + 3.5, "0"), text(end + 23, y, number(-most, 1)));
      if (size <= 5) y = drawBoxes(parts, c, letters, positions, left, unit, y + 14);
    }
    const step = positions > 24 ? 5 : positions > 14 ? 2 : 1;
    for (let position = 0; position < positions; position += step) parts.push(text(left + unit * (position + 0.5), y + 15, position, { "text-anchor": "middle" }));
    parts.push(text((left + end) / 2, y + 31, "position", { class: "label", "text-anchor": "middle" }));
    return picture(Math.ceil(end + right), y + 38, `motif of ${record.name}${sensitive ? " and its sensitivity to single letters" : ""}`, parts);
  };
  const drawBoxes = (parts, c, letters, positions, left, unit, y) => {
    const boxes = c.record.sensitivity.boxes;
    const found = boxes.filter(Boolean);
    if (!found.length) return y;
    const low = Math.min(0, ...found.map((values) => values[0]));
    const high = Math.max(0, ...found.map((values) => values[4]));
    const up = linear(low, high, y + 90, y);
    const thick = Math.max(1.2, Math.min(6, unit / (letters.length + 0.5)));
    parts.push(leftAxis(up, low, high, left - 4, "log2 ratio"), svg("path", { class: "zero", d: `M${left} ${up(0)}h${unit * positions}` }));
    for (let position = 0; position < positions; position += 1) {
      let place = 0;
      letters.forEach((letter, row) => {
        const values = boxes[position * c.size + row];
        if (!values) return;
        const x = left + unit * (position + 0.5) + (place - (letters.length - 2) / 2) * (thick + 0.6);
        const paint = c.shared.glyphs[letter]?.[0] ?? "currentColor";
        place += 1;
        parts.push(titled(svg("g", { class: "upright", stroke: paint, fill: paint },
          svg("path", { d: `M${x} ${up(values[0])}V${up(values[4])}` }),
          svg("path", { "stroke-width": thick, d: `M${x} ${up(values[1])}V${Math.min(up(values[3]), up(values[1]) - 0.8)}` }),
          svg("path", { class: "gap", d: `M${x - thick / 2} ${up(values[2])}h${thick}` })),
        `position ${position}, ${letters[c.record.sensitivity.reference[position]]} to ${letter}: median ${number(values[2], 2)}, 5 to 95 %: ${number(values[0], 2)} to ${number(values[4], 2)}`));
      });
    }
    return y + 90;
  };

  // What is known of the filter, in numbers.
  const drawFacts = (c) => {
    const { record } = c;
    const [sites, threshold, information, consensus] = record.facts?.[c.at] ?? [];
    const central = record.central?.[c.at];
    const limits = record.threshold;
    const score = record.score;
    const many = c.shared.targets.length > 1;
    const [byActivation, , byMotif, , group] = record.clusters ?? [];
    const grouped = [["activation", byActivation], ["motif", byMotif]].filter(([, at]) => !missing(at)).map(([name, at]) => `${count(at)} by ${name}`);
    const same = missing(group) ? 0 : c.block.filters.filter((other) => other.clusters?.[4] === group).length;
    const redundant = missing(group) ? null : `${count(group)} (${same > 1 ? `${count(same)} filters` : "alone"})`;
    return [
      facts([
        ["Layer", record.layer], ["Method", c.method.replace("_", " ")], ["Seed", c.block.seed],
        ["Sites", count(sites)], ["Threshold", number(threshold)], ["Information", missing(information) ? null : `${number(information, 1)} bits`],
        ["Consensus", missing(consensus) ? null : html("span", { class: "mono" }, consensus)],
        score && many ? ["Kernel score", number(score[0]), "Largest minus smallest mean activation over the classes"] : ["", null],
        score && many && !missing(score[1]) ? ["Top class", c.shared.targets[score[1]]] : ["", null],
        grouped.length ? ["Clusters", grouped.join(", ")] : ["", null],
        redundant ? ["Redundant group", redundant, "Filters with nearly the same motif"] : ["", null],
        central ? ["Near the centre", [`${count(central[1])} of ${count(central[0])}`, html("small", null, `${number(central[3], 2)} times the expected, p ${chance(central[4])}`)]] : ["", null],
      ]),
      limits ? [html("h4", null, "Significance", tableLink(c, "thresholds")), facts([
        ["Null", limits[0]], ["Tested", limits[1] === "all" ? "all windows" : `${limits[1]} windows`], ["Windows tested", `${count(limits[3])} of ${count(limits[2])}`],
        ["Kept", count(limits[4])], ["Threshold", number(limits[5])], ["Score", number(limits[6]), "Least score kept where all letters are known"],
        ["p at the threshold", missing(limits[7]) ? null : [chance(limits[7]), missing(limits[8]) || chance(limits[8]) === chance(limits[7]) ? null : html("small", null, `at least ${chance(limits[8])}`)]],
        ["Largest q kept", chance(limits[9])], ["Smallest p possible", chance(limits[10])],
        ["Undecided", limits[11] ? count(limits[11]) : null, "Windows whose p-value is not known well enough to decide"],
      ])] : null,
      record.files?.[c.at]?.length ? html("p", { class: "links" }, record.files[c.at].map(([name, path]) => html("a", { href: path }, name))) : null,
    ];
  };

  const tableLink = (c, name) => c.block.links[name] ? html("span", { class: "files" }, html("a", { href: c.block.links[name] }, "table")) : null;

  // Importance: one axis per metric, one line per perturbation.
  const drawImportance = (c, width) => {
    const metrics = [...new Set(c.block.pairs.map((pair) => pair[1]))];
    return metrics.map((metric) => {
      const rows = c.block.pairs.map((pair, i) => [pair, c.record.importance[i]]).filter(([pair, found]) => pair[1] === metric && found && !missing(found[0]));
      if (!rows.length) return null;
      const values = rows.flatMap(([, [value, low, high, , each]]) => [0, value, low ?? value, high ?? value, ...each]);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const [left, right, tall] = [Math.min(124, width * 0.32), 74, 30];
      const across = linear(low, high, left + 6, width - right - 6);
      const foot = 4 + tall * rows.length;
      const drawn = rows.map(([pair, [value, from, to, rank, each]], row) => {
        const y = 4 + tall * (row + 0.5);
        const sure = !missing(from) && (from > 0 || to < 0);
        const quantile = (share) => each[Math.round(share * (each.length - 1))];
        const name = c.shared.labels.perturbations[pair[0]] ?? pair[0];
        return titled(svg("g", { class: sure ? "sure" : "unsure" },
          text(left - 4, y + 3.5, name, { "text-anchor": "end" }),
          each.length > 4 ? box(across, [0, 0.25, 0.5, 0.75, 1].map(quantile), y + 6, 7) : null,
          each.map((one) => svg("circle", { class: "each", cx: across(one), cy: y + 6, r: 1.3 })),
          missing(from) ? null : svg("path", { class: "interval", d: `M${across(from)} ${y - 5}H${across(to)}` }),
          svg("circle", { class: "mean", cx: across(value), cy: y - 5, r: 4 }),
          text(width - right + 6, y - 1, number(value)), text(width - right + 6, y + 11, `rank ${count(rank)}`, { class: "quiet" })),
        `${name}: ${number(value)}, interval ${number(from)} to ${number(to)}, ${each.length} iterations shown`);
      });
      const baseline = rows[0][0][2];
      const rises = ["loss", "log_loss", "mse", "mae"].includes(metric);
      const label = c.shared.labels.metrics[metric] ?? metric;
      const drawing = picture(width, foot + 38, `importance by ${label}`,
        svg("path", { class: "zero", d: `M${across(0)} 0V${foot}` }), drawn,
        bottomAxis(across, low, high, foot, `${rises ? "rise" : "fall"} of ${metric === "loss" ? "the loss" : label} from ${number(baseline)}`, width / 110));
      return [drawing, groupLines(c, metric)];
    });
  };
  // What the filter and those that may stand in for it are worth together, a line per perturbation.
  const groupLines = (c, metric) => {
    const [name, others, found] = c.block.groups?.[c.record.group] ?? [];
    return (found ?? []).map((values, i) => {
      if (!values || missing(values[0]) || c.block.pairs[i][1] !== metric) return null;
      const [value, low, high, rank] = values;
      const perturbation = c.shared.labels.perturbations[c.block.pairs[i][0]] ?? c.block.pairs[i][0];
      return html("p", { class: "note with-group" }, `${perturbation}, with its ${others === 1 ? "near-copy" : `${count(others)} near-copies`} (redundant group ${name}): `,
        html("b", null, `${value > 0 ? "+" : ""}${number(value)}`), missing(low) ? null : ` [${number(low)}, ${number(high)}]`,
        `, rank ${count(rank)} of ${count(c.block.group_counts[i])} groups `, tableLink(c, "importance.groups"));
    });
  };

  // Activation by class: quantiles of the sequences' largest activations.
  const drawActivation = (c, width) => {
    const rows = c.record.activation.filter((row) => !missing(row[6]));
    if (!rows.length) return html("p", { class: "note" }, "This filter never fires.");
    const tested = (c.block.tests ?? []).findIndex((test) => c.shared.effect && test.slice(0, 3).every((part, i) => part === c.shared.effect[i]));
    const effects = new Map((c.record.enrichment?.[tested] ?? []).map((row) => [row[0], row]));
    const low = Math.min(0, ...rows.map((row) => row[4]));
    const high = Math.max(...rows.flatMap((row) => [row[8], row[2]]), c.record.score?.[2] ?? 0);
    const [left, right, tall] = [Math.min(150, width * 0.28), effects.size ? 136 : 70, 22];
    const across = linear(low, high, left, width - right);
    const top = 18;
    const foot = top + tall * rows.length;
    const effect = c.shared.effect && EFFECTS[c.shared.effect[3]];
    const drawn = rows.map((row, i) => {
      const y = top + tall * (i + 0.5);
      const name = c.shared.targets[row[0]];
      const found = effects.get(row[0]);
      const at = found ? found[5 + c.block.tests[tested][3].indexOf(c.shared.effect[3])] : null;
      return titled(svg("g", { style: `--own: ${colour(row[0])}` },
        text(left - 8, y + 3.5, clipped(name, (left - 8) / 6.4), { "text-anchor": "end" }),
        box(across, row.slice(4, 9), y, 11),
        svg("path", { class: "diamond", d: `M${across(row[2])} ${y - 4}l4 4l-4 4l-4 -4z` }),
        text(width - right + 54, y + 3.5, count(row[1]), { "text-anchor": "end", class: "quiet" }),
        found ? text(width - right + 108, y + 3.5, number(at, 2), { "text-anchor": "end" }) : null,
        found && !missing(found[4]) && found[4] < c.shared.cutoff ? text(width - right + 112, y + 7, "*", { class: "star" }) : null),
      `${name}: median ${number(row[6], 2)}, mean ${number(row[2], 2)}, standard deviation ${number(row[3], 2)}; ${number(row[9], 3)} of the sequences above the threshold`);
    });
    const limit = c.record.score?.[2];
    return picture(width, foot + 38, "activation by class",
      text(width - right + 54, 11, "n", { "text-anchor": "end", class: "quiet" }), effects.size ? text(width - right + 108, 11, effect, { "text-anchor": "end", class: "quiet" }) : null,
      missing(limit) || rows.length < 2 ? null : titled(svg("path", { class: "limit", d: `M${across(limit)} ${top - 4}V${foot}` }), `largest mean of a class: ${number(limit, 2)}`),
      drawn, bottomAxis(across, low, high, foot, "largest activation of a sequence", (width - left - right) / 70));
  };

  // All tests of enrichment, a row per target.
  const drawTests = (c) => {
    const tests = c.block.tests.map((test, i) => [test, c.record.enrichment[i]]).filter(([, rows]) => rows.length);
    if (!tests.length) return html("p", { class: "note" }, "Not tested.");
    const targets = [...new Set(tests.flatMap(([, rows]) => rows.map((row) => row[0])))].sort((a, b) => a - b);
    const names = { mann_whitney: "Mann–Whitney", fisher: "Fisher", spearman: "Spearman" };
    const over = html("tr", null, html("th"), html("th"), tests.map(([[test, unit, universe, effects]]) => html("th", { scope: "colgroup", colspan: effects.length + 2, class: "over-test" },
      names[test] ?? test, html("small", null, `per ${unit}${test === "fisher" ? `, ${universe}` : ""}`))));
    const heads = html("tr", null, html("th", { scope: "col" }, "Target"), html("th", { scope: "col", class: "num" }, "n"),
      tests.map(([[, , , effects]]) => [effects.map((effect) => html("th", { scope: "col", class: "num" }, EFFECTS[effect] ?? effect)), html("th", { scope: "col", class: "num" }, "p"), html("th", { scope: "col", class: "num" }, "q")]));
    const body = targets.map((target) => {
      const found = tests.map(([, rows]) => rows.find((row) => row[0] === target));
      return html("tr", null, html("th", { scope: "row" }, html("i", { class: "swatch", style: `background: ${colour(target)}` }), c.shared.targets[target]),
        cell(count(found.find(Boolean)?.[2]), "num"),
        tests.map(([[, , , effects]], i) => {
          const row = found[i];
          return [effects.map((_, k) => cell(number(row?.[5 + k], 2), "num")), cell(chance(row?.[3]), "num"), cell([chance(row?.[4]), star(row?.[4], c)], "num")];
        }));
    });
    return html("div", { class: "scroll tall" }, html("table", null, html("thead", null, over, heads), html("tbody", null, body)));
  };

  // Lines of few targets; of many, lines of those with the largest values and a heat map of all.
  const drawSeries = (c, width, given, options) => {
    const largest = (one) => Math.max(...one.values.map((value) => value ?? 0));
    const few = given.length <= MANY ? given : [...given].sort((a, b) => largest(b) - largest(a)).slice(0, LARGEST).sort((a, b) => a.place - b.place);
    return [
      lines({ width, series: few, ...options }), legend(few),
      given.length > MANY ? heat({ width, series: given, ...options }) : null,
    ];
  };
  // The fractions of fewer sequences are no more than noise.
  const LEAST = 10;
  const drawMaxima = (c, width) => {
    const [bins, rows] = c.record.maxima;
    const x = c.block.bins[bins];
    const counted = rows.map(([place, counts]) => {
      const n = counts.reduce((sum, value) => sum + value, 0);
      return { place, name: c.shared.targets[place], n, values: counts.map((value) => n ? value / n : 0) };
    }).filter((one) => one.n);
    if (!counted.length) return html("p", { class: "note" }, "No sequence has a window that fires.");
    const series = counted.filter((one) => one.n >= LEAST);
    const few = counted.filter((one) => one.n < LEAST).map((one) => `${one.name} (n = ${count(one.n)})`);
    const note = few.length ? html("p", { class: "note" }, `Not drawn, with fewer than ${LEAST} sequences: ${few.join(", ")}.`) : null;
    if (!series.length) return note;
    const centred = x[0] < 0;
    return [drawSeries(c, width, series, {
      x, steps: true, yLabel: "fraction of sequences", unit: "of the sequences", digits: 2, label: "positions of the best windows",
      xLabel: centred ? "middle of the best window, from the centre (bp)" : "middle of the best window, from the start (bp)",
    }), note];
  };
  const drawProfile = (c, width) => {
    const [positions, top, rows] = c.record.profile;
    const [step, ...x] = c.block.positions[positions];
    const scaled = (values) => values.map((value) => missing(value) ? null : value / 999 * (top ?? 0));
    const series = rows.map(([place, n, mean, sd]) => ({ place, n, name: c.shared.targets[place], values: scaled(mean), spread: scaled(sd) }));
    if (!top || x.length < 2) return html("p", { class: "note" }, "This filter never fires.");
    return [drawSeries(c, width, series, {
      x, yLabel: "activation", unit: "mean activation", label: "mean activation along the sequence", digits: 2,
      xLabel: `middle of the window, from the ${x[0] < 0 ? "centre" : "start"} (bp)${step > 1 ? `; means of ${step} windows` : ""}`,
    })];
  };

  // Logos of other motifs, aligned beneath this one.
  const UNIT = 7;
  const aligned = (c, matrix, letters, offset, length, name) => {
    if (!matrix) return null;
    const width = (length + 8) * UNIT;
    return svg("svg", { class: "lane", width, height: 26, role: name ? "img" : null, "aria-label": name, "aria-hidden": name ? null : "true" },
      logo(c.shared.glyphs, [...letters], matrix, UNIT, 24, { transform: `translate(${(4 + offset) * UNIT} 1)` }));
  };
  const sign = (strand) => strand < 0 ? "−" : "+";
  const drawMatches = (c) => {
    const [total, rows] = c.record.matches?.[c.at] ?? [0, []];
    if (!rows.length) return html("p", { class: "note" }, "No motif of the database was compared with this filter.");
    const own = c.motif(c.place);
    const length = own ? own.length / c.size : 0;
    const body = rows.map(([place, p, q, strand, offset, overlap]) => {
      const [id, name, letters, matrix] = c.shared.known[place];
      return html("tr", null, cell([name, id === name ? null : html("small", null, id)]), cell(chance(p), "num"), cell(chance(q), "num"),
        cell(sign(strand)), cell(count(overlap), "num"), cell(own && matrix ? aligned(c, turned(matrix, strand), letters, offset, length, name) : null));
    });
    const first = own ? html("tr", { class: "self" }, html("td", { colspan: 5 }, "this filter"), cell(aligned(c, own, c.block.letters, 0, length))) : null;
    return [
      table([["Motif"], ["p", "num"], ["q", "num"], ["Strand"], ["Overlap", "num"], ["Aligned"]], [first, body]),
      total > rows.length ? html("p", { class: "note" }, `The best ${rows.length} of ${count(total)}; all are in the table.`) : null,
    ];
  };
  const drawSimilar = (c) => {
    const own = c.motif(c.place);
    const length = own ? own.length / c.size : 0;
    const by = c.block.compared.map((compared, i) => [compared, c.record.similar[i]]).filter(([compared, rows]) => rows.length && (compared === "kernel" || compared === c.method || !c.block.compared.includes(c.method)));
    return by.map(([compared, rows]) => [
      by.length > 1 || compared !== "kernel" ? html("h5", null, compared === "kernel" ? "By kernel" : `By motif (${compared.replace("_", " ")})`) : null,
      table([["Filter"], ["Similarity", "num"], ["Strand"], ["Shift", "num"], ["Aligned"]], [
        own ? html("tr", { class: "self" }, html("td", { colspan: 4 }, "this filter"), cell(aligned(c, own, c.block.letters, 0, length))) : null,
        rows.map(([place, similarity, strand, offset]) => html("tr", null, html("th", { scope: "row" }, filterLink(c, place)), cell(number(similarity, 2), "num"), cell(sign(strand)),
          cell(missing(offset) ? "–" : (offset > 0 ? "+" : "") + String(offset).replace("-", "−"), "num"),
          cell(own && c.motif(place) && !missing(offset) ? aligned(c, turned(c.motif(place), strand), c.block.letters, offset, length, c.block.filters[place].name) : null))),
      ]),
    ]);
  };

  // Groups that the filter belongs to, with their other members.
  const drawClusters = (c) => {
    const kinds = [["By activation", 0, 1], ["By motif", 2, 3], ["Redundant", 4, null]];
    const rows = kinds.filter(([, at]) => !missing(c.record.clusters[at])).map(([name, at, silhouette]) => {
      const members = c.block.filters.map((other, place) => [other, place]).filter(([other, place]) => place !== c.place && other.clusters?.[at] === c.record.clusters[at]);
      const shown = members.slice(0, 16);
      const title = at === 4 && members.length ? `Redundant (group ${count(c.record.clusters[at])})` : name;
      return html("tr", null, html("th", { scope: "row" }, title), cell(count(c.record.clusters[at]), "num"), cell(silhouette === null ? "" : number(c.record.clusters[silhouette], 2), "num"),
        cell([shown.map(([, place]) => [filterLink(c, place), " "]), members.length > shown.length ? html("span", { class: "none" }, `and ${members.length - shown.length} more`) : null, members.length ? null : html("span", { class: "none" }, "alone")], "members"));
    });
    return rows.length ? table([["Grouped"], ["Group", "num"], ["Silhouette", "num", "How much closer to its own group than to the next: 1 best, below 0 misplaced"], ["Other members"]], rows) : html("p", { class: "note" }, "In no group: this filter never fires.");
  };

  // The same motif in other seeds.
  const stableSet = (c) => c.shared.stable.find((set) => set.some(([seed, name]) => seed === c.block.seed && name === c.record.name));
  const drawStability = (c, blocks) => {
    const set = stableSet(c);
    const lengths = set.map(([seed, name]) => motifOf(c, blocks, seed, name)?.length ?? 0);
    const length = Math.max(...lengths) / c.size;
    return table([["Seed", "num"], ["Filter"], ["Similarity", "num", "To the filter that resembles all others most"], ["Strand"], ["Aligned"]],
      [...set].sort((a, b) => a[0] - b[0]).map(([seed, name, similarity, strand, offset, medoid]) => {
        const matrix = motifOf(c, blocks, seed, name);
        const known = blocks(seed)?.filters.some((other) => other.name === name);
        const self = seed === c.block.seed && name === c.record.name;
        return html("tr", { class: self ? "self" : null }, cell(seed, "num"), html("th", { scope: "row" }, known && !self ? html("a", { href: address(seed, c.method, name) }, name) : name),
          cell(medoid ? "centre" : number(similarity, 2), "num"), cell(sign(strand)), cell(matrix ? aligned(c, turned(matrix, strand), c.block.letters, offset, length, name) : null));
      }));
  };
  const motifOf = (c, blocks, seed, name) => {
    const block = blocks(seed);
    const record = block?.filters.find((other) => other.name === name);
    return record?.motifs?.[block.methods.indexOf(c.method)] ?? null;
  };

  // The cards of a filter, [title, note, table, draw], as rows of one or two columns.
  const cards = (c, blocks) => {
    const { record } = c;
    const sensitive = record.sensitivity;
    const largest = c.shared.targets.length > MANY;
    // Of very many targets the page holds each filter's strongest.
    const held = Math.max(record.activation?.length ?? 0, ...(record.enrichment ?? []).map((rows) => rows.length));
    const total = c.shared.targets.length;
    const part = held > 1 && held < total && total > 24 ? `; the ${held} strongest of ${total} targets` : "";
    const motif = (record.motifs?.[c.at] ?? null) || sensitive;
    const set = stableSet(c);
    const correlated = c.shared.effect?.[3] === "correlation";
    const tests = record.enrichment && [correlated ? "Correlation with the values" : "Enrichment", `* q < ${c.shared.cutoff}; n: examples of the target${part}`, "enrichment", drawTests];
    const groups = record.clusters && ["Groups", null, "clusters", drawClusters];
    const wide = c.block.tests?.length > 1;
    const rows = [
      [[
        motif && ["Motif" + (sensitive ? " and sensitivity" : ""), sensitive ? `log2 of the activation with another letter over that of the site: means over n = ${count(sensitive.n)} sites; a dot marks their most frequent letter, and the boxes (25–75 %, whiskers 5–95 %) are of changes of that letter` : null, "sensitivity", drawMotif],
        record.activation && [c.shared.targets.length > 1 && !correlated ? "Activation by class" : "Activation", `boxes: 25–75 %, whiskers: 5–95 %, line: median, diamond: mean${part}`, "class_activation", drawActivation],
        wide ? null : tests,
      ], [
        ["Filter", null, "summary", drawFacts],
        record.importance && ["Importance", `dot: mean with its confidence interval; beneath it the single perturbations; n = ${count(c.block.pairs[0][4])} examples, ${count(c.block.pairs[0][3])} iterations`, "importance", drawImportance],
        largest && groups,
      ]],
      [[wide ? tests : null]],
      [[
        record.maxima && ["Best window of each sequence", largest ? `lines: the ${LARGEST} largest` : null, "maxima", drawMaxima],
        c.shared.known.length && ["Database matches", null, "matches", drawMatches],
        !largest && groups,
      ], [
        record.profile && ["Activation along the sequence", `mean ± standard deviation${largest ? ` of the ${LARGEST} largest` : ""}`, "profile", drawProfile],
        record.similar && ["Similar filters", "correlation at the best shift, −1 to 1", "redundancy", drawSimilar],
        set && ["Other seeds", `the same motif in ${count(new Set(set.map(([seed]) => seed)).size)} seeds`, "stability", (one) => drawStability(one, blocks)],
      ]],
    ];
    return rows.map((columns) => columns.map((column) => column.filter(Boolean)).filter((column) => column.length)).filter((columns) => columns.length);
  };

  // Return the panel's element; `fit` draws it as wide as it has become.
  const build = (shared, blocks, seed, place, method) => {
    const c = context(shared, blocks(seed), place, method);
    const made = [];
    const card = ([title, note, name, draw]) => {
      const content = html("div", { class: "drawn" });
      made.push([content, draw]);
      return html("article", { class: "card" }, html("h4", null, title, tableLink(c, name)), note ? html("p", { class: "card-note" }, note) : null, content);
    };
    const node = html("div", { class: "panel-inner" }, cards(c, blocks).map((columns, row) => columns.length === 1 ? columns[0].map(card)
      : html("div", { class: `halves${row ? " even" : ""}` }, columns.map((column) => html("div", { class: "half" }, column.map(card))))));
    const fit = () => {
      const widths = made.map(([content]) => Math.max(260, Math.min(760, content.clientWidth)));
      made.forEach(([content, draw], i) => content.replaceChildren(...[draw(c, widths[i])].flat(Infinity).filter(Boolean)));
    };
    return { node, fit };
  };
  return { build };
})();
