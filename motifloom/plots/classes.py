"""How active filters are in each class, and where: one filter in a figure, or sheets of many."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.ticker import MaxNLocator

from motifloom.plots.style import CLASS_COLOURS, GREY

# Filters of a sheet; more go on further pages.
PER_PAGE = 60
# Bins of a violin, and the weights that smooth their counts.
BINS = 32
SMOOTH = np.array([0.06, 0.24, 0.4, 0.24, 0.06])
OTHERS = "#C9C9C9"
# Sequences that make a histogram.
ENOUGH = 10
# Inches.
CELL_HEIGHT, LETTER = 0.75, 0.065


def pages(filters):
    """Return the filters of each page, a list of lists of at most PER_PAGE names; one page without any."""
    filters = list(dict.fromkeys(filters))
    return [filters[i : i + PER_PAGE] for i in range(0, max(len(filters), 1), PER_PAGE)]


def strongest(score, most=PER_PAGE):
    """Return the filters with the highest kernel scores, in that order; those that never fire come last.

    score : DataFrame, the table of kernel scores; most : int, at most so many.
    """
    return score.sort_values("kernel_score", ascending=False, kind="stable")["filter"].head(most).tolist()


def violins(maxima, tables):
    """Draw the maxima of the filters with the highest kernel scores in each class.

    Parameters
    ----------
    maxima : float (N, F)
        Largest activation of each sequence and filter.
    tables : ClassTables
        Of these sequences, from :func:`motifloom.filters.classes.profile_classes`.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`activation_violins`; at most PER_PAGE filters.
    """
    filters = strongest(tables.score)
    columns = [tables.score["filter"].tolist().index(name) for name in filters]
    return activation_violins(
        maxima[:, columns], tables.members, filters, tables.names, count=len(tables.score)
    )


def activation_violins(maxima, members, filters, names, *, count=0):
    """Draw how the maxima of one or several filters are distributed in each class.

    Parameters
    ----------
    maxima : float (N, F)
        Largest activation of each sequence and filter; NaN does not count.
    members : bool (N, C)
        Which sequences belong to which class.
    filters, names : list of str
        Of the F filters, at most PER_PAGE, and the C classes.
    count : int
        Of how many filters these are a part; the title says so.

    Returns
    -------
    matplotlib.figure.Figure
        A panel per filter, each with its own scale. Violins are smoothed histograms, mirrored, each as
        wide; the dot is the median, the bar spans the quartiles. A filter that never fires is named only.
    """
    members = np.asarray(members, bool)

    def draw(cell, name):
        values = np.asarray(maxima[:, filters.index(name)], np.float64)
        groups = [values[rows & ~np.isnan(values)] for rows in members.T]
        found = np.concatenate(groups) if groups else values[:0]
        if not len(found) or found.max() <= 0:
            return False
        cell.scale(min(0.0, found.min()), found.max())
        edges = np.linspace(cell.low, cell.high, BINS + 1)
        for c, group in enumerate(groups):
            if len(group):
                cell.violin(c, np.histogram(group, edges)[0], edges)
                cell.summary(c, *np.quantile(group, [0.25, 0.5, 0.75]))
        return True

    return _class_sheet(draw, filters, names, members.sum(axis=0), count)


def positions(histogram, profile, name):
    """Draw where one filter is active along the sequences of each class.

    Parameters
    ----------
    histogram : pandas.DataFrame
        filter, target, bin_start, bin_end, sequences, fraction: places of the best windows.
    profile : pandas.DataFrame
        filter, target, position, mean, sd, n.
    name : str
        The filter.

    Returns
    -------
    matplotlib.figure.Figure
        A row per class: the histogram, and the mean activation with a band of one standard deviation to
        either side, on the scales of all classes.
    """
    histogram, profile = (table[table["filter"] == name] for table in (histogram, profile))
    targets = list(dict.fromkeys(histogram["target"]))
    if not targets:
        return _nothing()
    height = 1.0 if len(targets) <= 4 else 0.7
    figure, axes = plt.subplots(
        len(targets), 2, figsize=(7.2, 1.1 + height * len(targets)), sharex="col", sharey="col", squeeze=False
    )
    for (left, right), target, colour in zip(axes, targets, _colours(len(targets)), strict=True):
        bins = histogram[histogram["target"] == target]
        edges = np.append(bins["bin_start"], bins["bin_end"].iloc[-1])
        left.stairs(bins["fraction"].fillna(0), edges, fill=True, color=colour, alpha=0.75)
        curve = profile[profile["target"] == target]
        x, mean, sd = (curve[column].to_numpy(float) for column in ("position", "mean", "sd"))
        right.fill_between(x, mean - sd, mean + sd, color=colour, alpha=0.2, linewidth=0)
        right.plot(x, mean, color=colour, linewidth=1.2)
        n = curve["n"].max() if len(curve) else 0
        left.set_title(f"{target}  ({bins['sequences'].sum():,} sequences)", fontsize=8, loc="left")
        right.set_title(f"{target}  (n = {n:,})", fontsize=8, loc="left")
    label = _position_label(histogram["bin_start"].min() < 0)
    for column, text in enumerate(("Best windows, fraction", "Activation, mean ± sd")):
        axes[-1, column].set_xlabel(label, fontsize=8)
        first = axes[0, column].get_title(loc="left")
        axes[0, column].set_title(f"{text}\n{first}", fontsize=8, loc="left")
        for axis in axes[:, column]:
            axis.tick_params(labelsize=7)
            axis.yaxis.set_major_locator(MaxNLocator(3))
    if histogram["bin_start"].min() < 0:
        for axis in axes.ravel():
            axis.axvline(0, color=GREY, linewidth=0.6, linestyle=(0, (3, 3)), zorder=0)
    axes[0, 0].set_ylim(bottom=0)
    figure.suptitle(name, fontsize=10, x=0.02, ha="left")
    return figure


def maxima(table, filters=None):
    """Draw where the best windows of filters lie in the sequences of each class.

    Parameters
    ----------
    table : pandas.DataFrame
        The table of maxima: filter, target, bin_start, bin_end, sequences, fraction.
    filters : list of str or None
        At most PER_PAGE, see :func:`strongest`; default the first page of :func:`pages`.

    Returns
    -------
    matplotlib.figure.Figure
        A panel per filter with its own scale and a line per class; of more classes than there are colours
        only the one with most windows is coloured and named. Classes with fewer than ENOUGH windows are
        left out.
    """
    return _position_sheet(table, filters)


def profiles(table, filters=None):
    """Draw the mean activation of filters by position in the sequences of each class.

    Parameters
    ----------
    table : pandas.DataFrame
        The table of profiles: filter, target, position, mean.
    filters : list of str or None
        As for :func:`maxima`.

    Returns
    -------
    matplotlib.figure.Figure
        As for :func:`maxima`; of many classes the one with the highest peak is coloured and named.
    """
    return _position_sheet(table, filters)


def _position_sheet(table, filters):
    """Return a sheet of a table of maxima or of profiles."""
    filters = pages(table["filter"])[0] if filters is None else list(filters)
    targets = list(dict.fromkeys(table["target"]))
    if len(filters) > PER_PAGE:
        raise ValueError(f"{len(filters)} filters do not fit on a page of {PER_PAGE}")
    if not filters or not targets:
        return _nothing()
    binned = "bin_start" in table
    value, start = ("fraction", "bin_start") if binned else ("mean", "position")
    rows = dict(iter(table[table["filter"].isin(filters)].groupby("filter")))
    one = len(filters) == 1
    few = len(targets) <= len(CLASS_COLOURS)
    title = 0.75 if few else 0.45
    sheet = _Sheet(filters, 4.0 if one else 1.5, 2.2 if one else CELL_HEIGHT, below=0.45, title=title)
    low, high = table[start].min(), table["bin_end" if binned else "position"].max()
    lines = {}
    for number, name in enumerate(filters):
        # Rows of a class are in the order of positions.
        shape = (len(targets), -1)
        places, values = (rows[name][key].to_numpy(float).reshape(shape) for key in (start, value))
        weight = (
            rows[name]["sequences"].to_numpy().reshape(shape).sum(axis=1) if binned else values.max(axis=1)
        )
        shown = np.isfinite(weight) & (weight >= ENOUGH if binned else True)
        if not shown.any() or not np.abs(values[shown]).max() > 0:
            sheet.frame(number, name, None, "too few windows" if weight.max() > 0 else "never fires")
            continue
        scale = min(0.0, values[shown].min()), values[shown].max()
        best = int(np.where(shown, weight, -np.inf).argmax())
        sheet.frame(number, name if few else f"{name}  {targets[best]}", scale)
        left, base = sheet.place(number)
        if binned:
            ends = np.append(places, rows[name]["bin_end"].to_numpy(float).reshape(shape)[:, -1:], axis=1)
            places, values = np.repeat(ends, 2, axis=1)[:, 1:-1], np.repeat(values, 2, axis=1)
        x = left + sheet.cell[0] * (places - low) / (high - low)
        y = base + sheet.cell[1] * (values - scale[0]) / (scale[1] - scale[0])
        for c in np.flatnonzero(shown):
            colour = CLASS_COLOURS[c] if few else CLASS_COLOURS[0] if c == best else OTHERS
            lines.setdefault(colour, []).append(np.column_stack([x[c], y[c]]))
    for colour, segments in sorted(lines.items(), key=lambda item: item[0] != OTHERS):
        sheet.axes.add_collection(LineCollection(segments, color=colour, linewidth=0.9))
    _position_axes(sheet, low, high)
    what = "Places of the best windows, fraction" if binned else "Mean activation by position"
    which = "with most windows" if binned else "with the highest peak"
    what += _some_of(len(filters), table["filter"].nunique())
    sheet.title(what if few else f"{what}; blue: the class {which}, grey: the others")
    if few:
        handles = [plt.Line2D([], [], color=CLASS_COLOURS[c], label=name) for c, name in enumerate(targets)]
        width, height = sheet.figure.get_size_inches()
        columns = max(1, int(width / (0.6 + LETTER * max(map(len, targets)))))
        sheet.figure.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0, 1 - 0.25 / height),
            ncols=columns,
            handlelength=1.2,
        )
    return sheet.figure


def _position_axes(sheet, low, high):
    """Draw the positions below the lowest panels."""
    ticks = MaxNLocator(3, steps=[1, 2, 5, 10]).tick_values(low, high)
    ticks = ticks[(ticks >= low) & (ticks <= high)]
    for number in sheet.lowest():
        left, base = sheet.place(number)
        for tick in ticks:
            x = left + sheet.cell[0] * (tick - low) / (high - low)
            sheet.axes.plot([x, x], [base - 0.03, base], color="#BBBBBB", linewidth=0.6)
            sheet.axes.text(x, base - 0.05, f"{tick:g}", fontsize=6, ha="center", va="top")
    sheet.axes.text(sheet.left, 0.05, _position_label(low < 0), fontsize=8, va="bottom")


def _position_label(centred):
    return f"Middle of the window (bp from the {'centre' if centred else 'start'} of the sequence)"


class _Cell:
    """One panel of a sheet: collects shapes in inches of the figure, classes side by side."""

    def __init__(self, left, base, width, height, classes, shapes):
        self.left, self.base, self.height = left, base, height
        self.step, self.shapes, self.low, self.high = width / classes, shapes, 0.0, 1.0

    def scale(self, low, high):
        self.low, self.high = low, high if high > low else low + 1

    def x(self, c):
        return self.left + (c + 0.5) * self.step

    def y(self, value):
        return self.base + self.height * (np.asarray(value) - self.low) / (self.high - self.low)

    def violin(self, c, counts, edges):
        """Add an outline from counts in bins; what is smoothed across an end is mirrored back."""
        reach = len(SMOOTH) // 2
        density = np.convolve(np.pad(counts.astype(float), reach, mode="symmetric"), SMOOTH, mode="valid")
        first, last = np.flatnonzero(counts)[[0, -1]]
        density = density[first : last + 1] / density.max()
        half = 0.42 * self.step * np.append(np.append(density[0], density), density[-1])
        centres = (edges[first : last + 1] + edges[first + 1 : last + 2]) / 2
        y = self.y(np.append(np.append(edges[first], centres), edges[last + 1]))
        outline = np.column_stack(
            [np.append(self.x(c) - half, self.x(c) + half[::-1]), np.append(y, y[::-1])]
        )
        self.shapes["violins"].setdefault(c, []).append(outline)

    def summary(self, c, low, median, high):
        bar = [(self.x(c), self.y(low)), (self.x(c), self.y(high))]
        self.shapes["bars"].setdefault(c, []).append(bar)
        self.shapes["dots"].setdefault(c, []).append((self.x(c), self.y(median)))


def _class_sheet(draw, filters, names, numbers, count):
    """Return a sheet of panels with the classes side by side; `draw(cell, name)` is False where empty."""
    if len(filters) > PER_PAGE:
        raise ValueError(f"{len(filters)} filters do not fit on a page of {PER_PAGE}")
    if not filters or not names:
        return _nothing()
    one = len(filters) == 1
    step = 0.5 if one else 0.26 if len(names) <= 8 else 0.14
    width, height = max(step * len(names), 2.0 if one else 1.0), 2.2 if one else CELL_HEIGHT
    sheet = _Sheet(filters, width, height, below=LETTER * max(map(len, names)) + 0.12)
    shapes = {"violins": {}, "bars": {}, "dots": {}}
    for number, name in enumerate(filters):
        left, base = sheet.place(number)
        cell = _Cell(left, base, width, height, len(names), shapes)
        fires = draw(cell, name)
        sheet.frame(number, name, (cell.low, cell.high) if fires else None)
    _add_shapes(sheet.axes, shapes, len(names), one)
    for number in sheet.lowest():
        left, base = sheet.place(number)
        for c, name in enumerate(names):
            x = left + (c + 0.5) * width / len(names)
            sheet.axes.text(x, base - 0.08, name, rotation=90, ha="center", va="top", fontsize=7)
    some = _some_of(len(filters), count)
    sheet.title(f"Largest activation per sequence, by class{some}\n{_numbers(names, numbers)}")
    return sheet.figure


def _numbers(names, numbers):
    """Say how many sequences the classes have, in a line if there are few classes."""
    if len(names) <= 4:
        return ", ".join(f"{name}: n = {int(n):,}" for name, n in zip(names, numbers, strict=True))
    return f"n = {int(np.min(numbers)):,} to {int(np.max(numbers)):,} sequences per class"


def _colours(count):
    return CLASS_COLOURS[:count] if count <= len(CLASS_COLOURS) else [CLASS_COLOURS[0]] * count


def _add_shapes(axes, shapes, classes, one):
    """Draw everything as one collection per class and kind, so that a sheet has few elements."""
    for c, colour in enumerate(_colours(classes)):
        axes.add_collection(PolyCollection(shapes["violins"].get(c, []), facecolor=colour, alpha=0.45))
        dark, wide = "#333333", 3 if one else 2
        axes.add_collection(LineCollection(shapes["bars"].get(c, []), color=dark, linewidth=wide))
        dots = np.array(shapes["dots"].get(c, [])).reshape(-1, 2)
        axes.plot(*dots.T, "o", color="white", markeredgecolor=dark, markersize=3.2, markeredgewidth=0.9)


class _Sheet:
    """A figure of equal panels whose one axis is in inches, so that hundreds of panels draw quickly."""

    def __init__(self, filters, width, height, below, title=0.45):
        self.left, self.gap, self.row, self.cell = 0.42, 0.5, height + 0.3, (width, height)
        # About as high as wide.
        self.across = min(
            range(1, len(filters) + 1),
            key=lambda n: max(n * (width + self.gap), self.row * -(-len(filters) // n) + title + below),
        )
        self.down, self.count = -(-len(filters) // self.across), len(filters)
        figure_width = max(self.left + self.across * (width + self.gap), 3.4)
        figure_height = title + self.down * self.row + below + 0.1
        self.top = figure_height - title
        self.figure = plt.figure(figsize=(figure_width, figure_height), layout="none")
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, figure_width), ylim=(0, figure_height))
        self.axes.set_axis_off()

    def place(self, number):
        """Return the left and lower corner of a panel, in inches."""
        row, column = divmod(number, self.across)
        return self.left + column * (self.cell[0] + self.gap), self.top - (row + 1) * self.row

    def lowest(self):
        """Return the number of the lowest panel of every column."""
        return range(max(0, self.count - self.across), self.count)

    def frame(self, number, name, scale, why="never fires"):
        """Draw the name, the scale (lowest, highest; None: there is none, say why) and lines of a panel."""
        left, base = self.place(number)
        width, height = self.cell
        silent = scale is None
        label = f"{name}  {why}" if silent else name
        self.axes.text(
            left, base + height + 0.05, label, fontsize=7, va="bottom", color=GREY if silent else "black"
        )
        self.axes.plot([left, left + width], [base, base], color="#BBBBBB", linewidth=0.6)
        if silent:
            return
        self.axes.plot([left, left], [base, base + height], color="#BBBBBB", linewidth=0.6)
        ticks = MaxNLocator(2, steps=[1, 2, 2.5, 5, 10]).tick_values(*scale)
        for tick in ticks[(ticks >= scale[0]) & (ticks <= scale[1])]:
            y = base + height * (tick - scale[0]) / (scale[1] - scale[0])
            self.axes.plot([left - 0.03, left], [y, y], color="#BBBBBB", linewidth=0.6)
            self.axes.text(left - 0.05, y, f"{tick:g}", fontsize=6, ha="right", va="center")

    def title(self, text):
        height = self.figure.get_size_inches()[1]
        self.axes.text(0.1, height - 0.08, text, fontsize=9, va="top")


def _some_of(shown, count):
    """Say for a title that not all filters are shown."""
    return f"; {shown} of {count} filters" if shown < count else ""


def _nothing():
    figure = plt.figure(figsize=(4, 0.5), layout="none")
    figure.text(0.5, 0.5, "no filter or no class to show", ha="center", va="center", color=GREY)
    return figure
