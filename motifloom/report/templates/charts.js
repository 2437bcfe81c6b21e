"use strict";
// What the panels of filters are drawn with: elements, numbers, axes, logos, boxes, lines, heat maps.
const charts = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  // Texts become text nodes and attributes are set one by one, so that names from files stay names.
  const fill = (node, attributes, children) => {
    for (const [key, value] of Object.entries(attributes ?? {})) {
      if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  };
  const html = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
  const text = (x, y, content, attributes) => svg("text", { x, y, ...attributes }, String(content));
  const titled = (node, title) => {
    node.append(svg("title", null, title));
    return node;
  };
  const picture = (width, height, label, ...children) => svg("svg", {
    class: "chart", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label,
  }, ...children);

  // Numbers are written as on the rest of the page.
  const missing = (value) => value === null || value === undefined;
  const minus = (value) => String(value).replace("-", "−");
  // Half is rounded up, as one does by hand with the six digits of a table.
  const decimals = (size, digits) => Number(`${Math.round(`${Number(size.toPrecision(6))}e${digits}`)}e-${digits}`).toFixed(digits);
  const significant = (size, digits) => {
    const rounded = Number(size.toPrecision(digits));
    if (rounded >= 1e-4 && rounded < 10 ** digits) return String(rounded);
    return rounded.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");
  };
  const number = (value, digits = 3) => {
    if (missing(value)) return "–";
    if (typeof value === "string") return value;
    const size = Math.abs(value);
    const plain = size === 0 || (size >= 0.01 && size < 1000);
    const written = plain ? decimals(size, digits) : significant(size, Math.max(1, digits));
    return (value < 0 ? "−" : "") + written;
  };
  const count = (value) => missing(value) ? "–" : Math.round(value).toLocaleString("en");
  const chance = (value) => {
    if (missing(value)) return "–";
    if (value < 1e-300) return "< 1e-300";
    return value < 0.001 ? value.toExponential(0) : String(Number(value.toPrecision(2)));
  };

  // Axes.
  const linear = (low, high, from, to) => (value) => from + (value - low) / ((high - low) || 1) * (to - from);
  const ticks = (low, high, wanted) => {
    const rough = (high - low) / Math.max(1, wanted);
    if (!(rough > 0) || !Number.isFinite(rough)) return [low];
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) found.push(Number((i * step).toPrecision(12)));
    return found;
  };
  const tickText = (value) => {
    const size = Math.abs(value);
    return minus(size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(0).replace("e+", "e") : Number(value.toPrecision(6)));
  };
  const bottomAxis = (scale, low, high, y, label, wanted = 6) => svg("g", { class: "ticks" },
    svg("path", { class: "axis", d: `M${scale(low)} ${y}H${scale(high)}` }),
    ticks(low, high, wanted).map((value) => [
      svg("path", { class: "axis", d: `M${scale(value)} ${y}v4` }),
      text(scale(value), y + 15, tickText(value), { "text-anchor": "middle" }),
    ]),
    text((scale(low) + scale(high)) / 2, y + 30, label, { class: "label", "text-anchor": "middle" }));
  const leftAxis = (scale, low, high, x, label, wanted = 4) => {
    const middle = (scale(low) + scale(high)) / 2;
    return svg("g", { class: "ticks" },
      svg("path", { class: "axis", d: `M${x} ${scale(low)}V${scale(high)}` }),
      ticks(low, high, wanted).map((value) => [
        svg("path", { class: "axis", d: `M${x} ${scale(value)}h-4` }),
        text(x - 6, scale(value) + 3.5, tickText(value), { "text-anchor": "end" }),
      ]),
      text(0, 0, label, { class: "label", "text-anchor": "middle", transform: `translate(${11} ${middle}) rotate(-90)` }));
  };

  // Logos: matrices are thousandths, position by position; reading one backwards is its reverse complement.
  const turned = (matrix, strand) => strand < 0 ? [...matrix].reverse() : matrix;
  const logo = (glyphs, letters, matrix, unit, height, attributes) => {
    const size = letters.length;
    const full = Math.log2(size);
    const group = svg("g", { class: "letters", ...attributes });
    for (let column = 0; column * size < matrix.length; column += 1) {
      const share = matrix.slice(column * size, (column + 1) * size).map((value) => value / 1000);
      const bits = share.reduce((sum, value) => sum + (value > 0 ? value * Math.log2(value) : 0), full);
      let top = height;
      share.map((value, i) => [value * bits / full * height, letters[i]]).sort((a, b) => a[0] - b[0])
        .filter(([tall]) => tall > 0.016 * height).forEach(([tall, letter]) => {
          top -= tall;
          const [colour, outline] = glyphs[letter] ?? ["currentColor", ""];
          const scaled = `translate(${(column * unit).toFixed(2)} ${top.toFixed(2)}) scale(${(unit / 30).toFixed(4)} ${(tall / 100).toFixed(4)})`;
          group.append(svg("path", { fill: colour, d: outline, transform: scaled }));
        });
    }
    return group;
  };

  // Colours: targets by their place, repeated with a dash; values by their size.
  const colour = (place) => `var(--class-${place % 8})`;
  const dash = (place) => place < 8 ? null : place < 16 ? "5 3" : "2 2";
  const diverging = (share) => {
    const size = Math.round(100 * Math.min(1, Math.abs(share)));
    return `color-mix(in oklab, var(${share < 0 ? "--below" : "--above"}) ${size}%, var(--middle))`;
  };
  const sequential = (share) => `color-mix(in oklab, var(--heat) ${Math.round(100 * Math.min(1, Math.max(0, share)))}%, var(--heat-low))`;

  // Rows of boxes: whiskers 5 to 95 %, box 25 to 75 %, line median; a diamond at the mean.
  const box = (scale, [low, first, middle, third, high], y, tall) => [
    svg("path", { class: "whisker", d: `M${scale(low)} ${y}H${scale(first)}M${scale(third)} ${y}H${scale(high)}M${scale(low)} ${y - tall / 4}v${tall / 2}M${scale(high)} ${y - tall / 4}v${tall / 2}` }),
    svg("rect", { class: "box", x: scale(first), y: y - tall / 2, width: Math.max(1, scale(third) - scale(first)), height: tall }),
    svg("path", { class: "median", d: `M${scale(middle)} ${y - tall / 2}v${tall}` }),
  ];

  // Lines over the sequence; `series` are {place, name, values, spread}.
  const lines = ({ width, height = 210, x, series, xLabel, yLabel, label, steps = false }) => {
    const [left, right, top, bottom] = [52, 12, 8, 36];
    const values = series.flatMap((one) => one.values.map((value, i) => (value ?? 0) + (one.spread?.[i] ?? 0)));
    const high = Math.max(1e-12, ...values);
    const across = linear(x[0], x[x.length - 1], left, width - right);
    const up = linear(0, high, height - bottom, top);
    const point = (at, value) => `${across(at).toFixed(1)} ${up(Math.max(0, value)).toFixed(1)}`;
    const drawn = series.map((one) => {
      const known = one.values.map((value, i) => [i, value]).filter(([, value]) => !missing(value));
      const paint = { stroke: colour(one.place), "stroke-dasharray": dash(one.place) };
      if (steps) {
        const path = known.map(([i, value]) => `${point(x[i], value)}L${point(x[i + 1], value)}`).join("L");
        return titled(svg("path", { class: "line", d: `M${path}`, ...paint }), one.name);
      }
      const band = one.spread && svg("path", {
        class: "band", fill: colour(one.place),
        d: `M${known.map(([i, value]) => point(x[i], value + (one.spread[i] ?? 0))).join("L")}L${known.reverse().map(([i, value]) => point(x[i], value - (one.spread[i] ?? 0))).join("L")}z`,
      });
      known.sort(([a], [b]) => a - b);
      return [band, titled(svg("path", { class: "line", d: `M${known.map(([i, value]) => point(x[i], value)).join("L")}`, ...paint }), one.name)];
    });
    return picture(width, height, label, drawn, bottomAxis(across, x[0], x[x.length - 1], height - bottom, xLabel, width / 80),
      leftAxis(up, 0, high, left, yLabel));
  };
  const legend = (series) => html("p", { class: "legend" }, series.map((one) => html("span", null,
    svg("svg", { width: 18, height: 8, "aria-hidden": "true" }, svg("path", { class: "line", d: "M0 4h18", stroke: colour(one.place), "stroke-dasharray": dash(one.place) })),
    one.name, one.n === undefined ? null : html("small", null, ` n = ${count(one.n)}`))));

  // One row per target, the darker the more.
  const heat = ({ width, x, series, xLabel, label, unit, digits = 3 }) => {
    const [left, right, top, tall] = [Math.min(150, width * 0.3), 12, 4, 15];
    const high = Math.max(1e-12, ...series.flatMap((one) => one.values.map((value) => value ?? 0)));
    const height = top + tall * series.length + 58;
    const across = linear(x[0], x[x.length - 1], left, width - right);
    const rows = series.map((one, row) => [
      titled(text(left - 6, top + tall * row + 11, clipped(one.name, (left - 6) / 6.2), { "text-anchor": "end" }), `${one.name}, n = ${count(one.n)}`),
      one.values.map((value, i) => missing(value) ? null : titled(svg("rect", {
        x: across(x[i]).toFixed(1), y: top + tall * row, height: tall - 1,
        width: Math.max(0.5, across(x[i + 1] ?? x[i]) - across(x[i]) + 0.4).toFixed(1), style: `fill: ${sequential(value / high)}`,
      }), `${one.name}, ${tickText(x[i])}: ${number(value, digits)}`)),
    ]);
    const foot = top + tall * series.length;
    const key = Array.from({ length: 24 }, (_, i) => svg("rect", { x: left + 5 * i, y: foot + 44, width: 5.4, height: 8, style: `fill: ${sequential(i / 23)}` }));
    return picture(width, height, label, rows, bottomAxis(across, x[0], x[x.length - 1], foot + 2, xLabel, width / 90),
      key, text(left - 6, foot + 52, "0", { "text-anchor": "end" }), text(left + 126, foot + 52, `${number(high, digits)} ${unit}`));
  };
  const clipped = (name, most) => name.length <= most ? name : `${name.slice(0, Math.max(1, Math.floor(most) - 1))}…`;

  return {
    html, svg, text, titled, picture, missing, number, count, chance, linear, ticks, tickText, bottomAxis, leftAxis,
    turned, logo, colour, dash, diverging, box, lines, legend, heat, clipped,
  };
})();
