"""A network as a picture: a box per layer, from the sequence down to the prediction."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.patches import FancyBboxPatch

from motifloom.plots.style import CLASS_COLOURS, GREY

# Colour of a layer by what its class' name holds; the first that fits.
FAMILIES = {
    "Conv": CLASS_COLOURS[0],
    "Attention": CLASS_COLOURS[3],
    "Pool": CLASS_COLOURS[4],
    "LSTM": CLASS_COLOURS[5],
    "GRU": CLASS_COLOURS[5],
    "Bidirectional": CLASS_COLOURS[5],
    "Dense": CLASS_COLOURS[2],
}
SIZE, LINE, PAD = 7, 0.135, 0.06  # points; inches: of a line of text, and around it
GAP, LANE, CHARACTER = 0.16, 0.3, 0.059  # inches: between levels, between branches, of a character


def network(table, title):
    """Draw the layers of a network; branches stand side by side, shortcuts run on the right.

    Parameters
    ----------
    table : pandas.DataFrame
        layer, class, settings, inputs (names with commas), output_shape, weights, receptive_field_bp.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = table.astype({"settings": str}).set_index("layer").fillna({"settings": "", "inputs": ""})
    inputs = {name: [item for item in str(text).split(",") if item] for name, text in rows["inputs"].items()}
    texts = {name: _text(name, row) for name, row in rows.iterrows()}
    width = CHARACTER * max(len(line) for lines in texts.values() for line in lines) + 2 * PAD
    heights = {name: LINE * len(lines) + 2 * PAD for name, lines in texts.items()}
    level, lane = _places(inputs)
    tops, bottom = _tops(level, heights)
    left, right = min(lane.values()), max(lane.values())
    size = (right - left + 1) * (width + LANE) + LANE, bottom + 0.1
    figure = plt.figure(figsize=size, layout="none")
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(size[1], 0))
    axis.set_axis_off()
    axis.text(LANE, 0.2, title, fontsize=SIZE + 3, va="center")
    boxes = {
        name: (LANE + (lane[name] - left) * (width + LANE), tops[level[name]], width, heights[name])
        for name in texts
    }
    for name, fed in inputs.items():
        for source in fed:
            _connect(axis, boxes[source], boxes[name], level[name] - level[source])
    for name, lines in texts.items():
        _box(axis, boxes[name], lines, _colour(rows.loc[name, "class"]))
    return figure


def _text(name, row):
    """Return the lines of a layer's box; one that only passes values on has one."""
    head = f"{name}: {row['class']}"
    if not row["weights"] and not row["settings"]:
        return [f"{head}, {row['output_shape']}"]
    if not row["weights"]:
        return [f"{head}, {row['settings']}", row["output_shape"]]
    facts = [row["output_shape"], f"{int(row['weights']):,} weights"]
    if not pd.isna(row["receptive_field_bp"]):
        facts.append(f"sees {int(row['receptive_field_bp'])} bp")
    return [line for line in (head, row["settings"], ", ".join(facts)) if line]


def _places(inputs):
    """Return the level of every layer, 0 for the first, and its lane, in widths of a box."""
    level, lane = {}, {}

    def depth(name):
        if name not in level:
            level[name] = 1 + max((depth(source) for source in inputs[name]), default=-1)
        return level[name]

    for name in inputs:
        depth(name)
    for number in range(max(level.values()) + 1):
        names = [name for name in inputs if level[name] == number]
        wanted = {
            name: sum(lane[source] for source in inputs[name]) / max(len(inputs[name]), 1) for name in names
        }
        names.sort(key=wanted.get)
        places = []
        for name in names:
            places.append(max(wanted[name], places[-1] + 1) if places else wanted[name])
        shift = sum(wanted.values()) / len(names) - sum(places) / len(places)
        lane.update({name: place + shift for name, place in zip(names, places, strict=True)})
    return level, lane


def _tops(level, heights):
    """Return where each level begins, in inches from above, and where the last one ends."""
    tops, top = [], 0.45
    for number in range(max(level.values()) + 1):
        tops.append(top)
        top += GAP + max(height for name, height in heights.items() if level[name] == number)
    return tops, top


def _connect(axis, source, target, levels):
    """Draw the line from a box to one that it feeds."""
    x, y = source[0] + source[2] / 2, source[1] + source[3]
    end = target[0] + target[2] / 2, target[1]
    if levels > 1 and abs(x - end[0]) < source[2] / 2:
        edge, aside = source[0] + source[2], source[0] + source[2] + LANE / 2
        start, end = source[1] + source[3] * 0.75, target[1] + target[3] * 0.25
        axis.plot([edge, aside, aside, edge], [start, start, end, end], color=GREY, linewidth=0.9, zorder=1)
        return
    middle = end[1] - GAP / 2
    axis.plot([x, x, end[0], end[0]], [y, middle, middle, end[1]], color=GREY, linewidth=0.9, zorder=1)


def _box(axis, box, lines, colour):
    x, y, width, height = box
    for fill, alpha, edge in (("white", 1, "none"), (colour, 0.16, colour)):
        patch = FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.05", facecolor=fill, alpha=alpha,
            edgecolor=edge, linewidth=0.8, zorder=2,
        )  # fmt: skip
        axis.add_patch(patch)
    for number, line in enumerate(lines):
        weight = "bold" if number == 0 and len(lines) > 1 else "normal"
        place = y + PAD + LINE * (number + 0.5)
        axis.text(x + PAD, place, line, fontsize=SIZE, va="center", fontweight=weight, zorder=3)


def _colour(kind):
    return next((colour for part, colour in FAMILIES.items() if part in kind), GREY)
