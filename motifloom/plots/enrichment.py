"""Which filters are enriched in which target, as a heat map."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import PolyCollection

from motifloom.plots.style import GREY

# By column of the table: its label, the value without effect, and bounds of the deviation drawn in full
# colour: noise stays pale, and a filter that is silent in one class does not make all others pale.
EFFECTS = {
    "log2_fold_change": ("log2 fold change of the mean maximum", 0.0, (0.25, 3.0)),
    "auc": ("AUC", 0.5, (0.05, 0.5)),
    "log2_odds_ratio": ("log2 odds ratio", 0.0, (0.25, 3.0)),
    "correlation": ("Spearman correlation", 0.0, (0.1, 1.0)),
}
TESTS = {
    "mann_whitney": ("Mann-Whitney U test", "log2_fold_change"),
    "fisher": ("Fisher's exact test", "log2_odds_ratio"),
    "spearman": ("Spearman rank correlation", "correlation"),
}
COLOURS = "RdBu_r"
# Inches.
ROW, LETTER = 0.15, 0.07
MARGIN, GAP = 0.12, 0.3
# With so few cells there is room for their numbers.
FEW_CELLS = 150
WIDE, NARROW = 0.42, 0.2
ROWS_AT_LEAST = 40
BAR, WIDEST = 2.0, 14.0


def enrichment_figure(table, *, q_cutoff=0.05, effects=None):
    """Draw the effect on every filter and target, with a star where q is below the cutoff.

    Parameters
    ----------
    table : pandas.DataFrame
        The table of enrichment: filter, target, test, unit, universe, n, q_value and effects.
    q_cutoff : float
        Stars stand where q_value < q_cutoff, never where it is missing.
    effects : dict of str to str or None
        By test, what is drawn: log2_fold_change, auc, log2_odds_ratio or correlation; default as in TESTS.

    Returns
    -------
    matplotlib.figure.Figure
        A heat map per test, unit and universe. Filters are ordered by the target in which they are
        enriched most, then by that effect; they continue in further panels to the right. Colours are
        symmetric about no effect. Cells without a test are hatched.
    """
    tests = table.groupby(["test", "unit", "universe"], sort=False, dropna=False)
    maps = [_Map(rows, (effects or {}).get(key[0]), q_cutoff) for key, rows in tests]
    if not maps:
        figure = plt.figure(figsize=(4, 0.5), layout="none")
        figure.text(0.5, 0.5, "no filter to test", ha="center", va="center", color=GREY)
        return figure
    # Small maps stand side by side.
    lines = [[maps[0]]]
    for one in maps[1:]:
        if sum(other.width for other in lines[-1]) + one.width <= WIDEST:
            lines[-1].append(one)
        else:
            lines.append([one])
    width = max(sum(one.width for one in line) for line in lines)
    height = sum(max(one.height for one in line) for line in lines)
    figure, top = plt.figure(figsize=(width, height), layout="none"), height
    for line in lines:
        left = 0.0
        for one in line:
            one.draw(figure, left, top)
            left += one.width
        top -= max(one.height for one in line)
    return figure


class _Map:
    """The heat map of one test: its numbers, and its size in inches."""

    def __init__(self, table, effect, q_cutoff):
        effect = effect or TESTS[table["test"].iloc[0]][1]
        self.label, self.neutral, bounds = EFFECTS[effect]
        filters, targets = (list(dict.fromkeys(table[key])) for key in ("filter", "target"))
        wide = table.set_index(["filter", "target"])[[effect, "q_value"]].astype(float).unstack("target")
        deviation = wide[effect].loc[filters, targets].to_numpy() - self.neutral
        q = wide["q_value"].loc[filters, targets].to_numpy()
        order = _order(deviation)
        self.filters, self.targets = [filters[i] for i in order], targets
        self.deviation, self.starred = deviation[order], (q < q_cutoff)[order]
        size = np.abs(deviation[np.isfinite(deviation)])
        self.limit, self.beyond = bounds[0], False
        if len(size):
            self.limit = np.clip(min(size.max(), 2 * np.quantile(size, 0.95)), *bounds)
            self.beyond = size.max() > self.limit
        self.numbers = deviation.size <= FEW_CELLS
        self.title = f"{_heading(table)}\n★ q < {q_cutoff:g}: {self.starred.sum():,} of "
        self.title += f"{np.isfinite(q).sum():,} tests"
        if not np.isfinite(deviation).all():
            self.title += "; hatched: no test"
        self._measure()

    def _measure(self):
        self.cell = WIDE if self.numbers or len(self.targets) < 3 else NARROW
        self.labels = LETTER * max(map(len, self.filters)) + 0.1
        longest = LETTER * max(map(len, self.targets))
        # Names stand level above the columns where they fit, else upright.
        self.upright = longest > self.cell
        self.above = MARGIN + 0.42 + (longest + 0.1 if self.upright else 0.2)
        self.below, self.panel = 0.72, self.labels + self.cell * len(self.targets)
        count = len(self.filters)
        # As many panels as make the map about as high as wide.
        across = min(
            range(1, -(-count // ROWS_AT_LEAST) + 1),
            key=lambda k: max(k * (self.panel + GAP), ROW * -(-count // k) + self.above + self.below),
        )
        self.rows = -(-count // across)
        across = -(-count // self.rows)
        words = 0.085 * max(map(len, self.title.split("\n")))
        self.width = 2 * MARGIN + max(across * (self.panel + GAP) - GAP, self.labels + BAR + 0.2, words)
        self.height = self.above + ROW * self.rows + self.below

    def draw(self, figure, left, top):
        """Draw it with its upper left corner there, in inches."""
        width, height = figure.get_size_inches()

        def axis(x, y, wide, high):
            return figure.add_axes(np.divide((x, y, wide, high), (width, height, width, height)))

        x = left + MARGIN + self.labels
        for first in range(0, len(self.filters), self.rows):
            part = slice(first, first + self.rows)
            count = len(self.filters[part])
            at = x + first // self.rows * (self.panel + GAP)
            panel = axis(at, top - self.above - ROW * count, self.cell * len(self.targets), ROW * count)
            image = self._draw_rows(panel, part)
        bar = axis(x, top - self.height + self.below - 0.25, BAR, 0.09)
        extend = "both" if self.beyond else "neither"
        colours = figure.colorbar(image, cax=bar, orientation="horizontal", extend=extend)
        ends = (-self.limit, 0, self.limit)
        colours.set_ticks(ends, labels=[f"{self.neutral + end:.3g}" for end in ends])
        colours.set_label(self.label, fontsize=8)
        colours.ax.tick_params(labelsize=7)
        colours.outline.set_visible(False)
        place = (left + MARGIN) / width, (top - MARGIN) / height
        figure.text(*place, self.title, va="top", ha="left", fontsize=9)

    def _draw_rows(self, axis, part):
        filters, deviation, starred = self.filters[part], self.deviation[part], self.starred[part]
        image = axis.imshow(
            deviation, cmap=COLOURS, vmin=-self.limit, vmax=self.limit, aspect="auto", interpolation="none"
        )
        for lines, count in ((axis.hlines, len(filters)), (axis.vlines, len(self.targets))):
            across = len(self.targets) if lines == axis.hlines else len(filters)
            lines(np.arange(1, count) - 0.5, -0.5, across - 0.5, color="white", linewidth=0.4)
        y, x = np.nonzero(~np.isfinite(deviation))
        corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
        cells = np.column_stack([x, y])[:, None] + corners
        axis.add_collection(
            PolyCollection(cells, facecolor="#EFEFEF", edgecolor="#BDBDBD", hatch="//////", linewidth=0)
        )
        dark = np.abs(deviation) > 0.6 * self.limit
        for colour, cells in (("black", starred & ~dark), ("white", starred & dark)):
            y, x = np.nonzero(cells)
            axis.plot(x + 0.36 * self.numbers, y, "*", color=colour, markersize=4, markeredgewidth=0)
        if self.numbers:
            for y, x in np.argwhere(np.isfinite(deviation)):
                colour = "white" if dark[y, x] else "black"
                text = f"{self.neutral + deviation[y, x]:.2f}"
                axis.text(x - 0.06, y, text, fontsize=6, color=colour, ha="center", va="center_baseline")
        axis.set(xlim=(-0.5, len(self.targets) - 0.5), ylim=(len(filters) - 0.5, -0.5))
        names = {"fontsize": 7.5, "rotation": 90 if self.upright else 0}
        axis.set_xticks(range(len(self.targets)), self.targets, **names)
        axis.set_yticks(range(len(filters)), filters, fontsize=7)
        axis.xaxis.tick_top()
        axis.tick_params(length=0, pad=2)
        axis.spines[:].set_visible(False)
        return image


def _heading(table):
    first, numbers = table.iloc[0], table["n"].astype(float)
    n = f"{numbers.min():,.0f}" + (f" to {numbers.max():,.0f}" if numbers.min() < numbers.max() else "")
    universe = f", {first['universe']} universe" if isinstance(first["universe"], str) else ""
    return f"{TESTS[first['test']][0]}{universe}, n = {n} {first['unit']}s"


def _order(deviation):
    """Return the order of rows: by the column with the largest value, then by that value; empty rows last."""
    filled = np.where(np.isfinite(deviation), deviation, -np.inf)
    best, value = filled.argmax(axis=1), filled.max(axis=1)
    return np.lexsort((-value, best, ~np.isfinite(value)))
