"""Which motifs come back in which seeds."""

import matplotlib.pyplot as plt
import numpy as np

from motifloom.plots.clustering import message
from motifloom.plots.style import CLASS_COLOURS, GREY

# Sets of motifs that are drawn; those of most seeds come first.
MOST = 60


def seeds_per_motif(stability):
    """Draw which seeds hold which motifs, and how many motifs come back how often.

    Parameters
    ----------
    stability : pandas.DataFrame
        motif, seeds, seed, filter, similarity, strand, offset, medoid.

    Returns
    -------
    matplotlib.figure.Figure
        Above: sets of motifs by number of seeds. Below: sets (rows, named by their medoid) by seeds,
        coloured by the largest similarity to the medoid, with the number of filters where there are
        several; sets of a single seed, and those beyond 60, are counted only.
    """
    found = stability.dropna(subset=["motif"])
    if found.empty:
        return message("no filter holds a motif to match")
    seeds = sorted(set(stability["seed"]))
    sets = found.drop_duplicates("motif")
    shared = sets.loc[sets["seeds"] > 1, "motif"]
    shown = shared.iloc[:MOST].tolist()
    medoids = found[found["medoid"].astype(bool)].set_index("motif")
    names = [f"{medoids['filter'][motif]} (seed {medoids['seed'][motif]})" for motif in shown]
    # Inches: the bars above, the grid below, the bar of colours at its right.
    left, across, down = (
        0.4 + 0.062 * max(map(len, names), default=5),
        0.34 * max(len(seeds), 6),
        0.19 * max(len(shown), 3),
    )
    width, height = max(left + across + 1.3, 4.6), down + 2.75
    figure = plt.figure(figsize=(width, height), layout="none")
    above, grid, scale = (
        figure.add_axes((x / width, y / height, w / width, h / height))
        for x, y, w, h in (
            (left, down + 1.25, across, 1.05),
            (left, 0.5, across, down),
            (left + across + 0.2, 0.5, 0.1, min(down, 1.6)),
        )
    )
    _bars(above, sets["seeds"].astype(int), len(seeds))
    image = _grid(grid, found, seeds, shown, names)
    if image is None:
        scale.set_axis_off()
    else:
        figure.colorbar(image, cax=scale).set_label("similarity to the medoid", fontsize=7.5)
        scale.tick_params(labelsize=7, length=2)
    missing = int(stability["motif"].isna().sum())
    words = [f"n = {len(found):,} filters of {len(seeds)} seeds in {len(sets):,} sets"]
    if len(shared) > len(shown):
        words.append(f"{len(shown)} of {len(shared)} shared sets shown")
    if missing:
        words.append(f"filters without a motif: {missing:,}")
    figure.text(0.08 / width, 1 - 0.08 / height, "\n".join(words), fontsize=8, va="top")
    return figure


def _grid(axis, found, seeds, shown, names):
    """Draw similarities of sets (rows) by seeds; returns the image, or None where no set is shown."""
    if not shown:
        axis.set_axis_off()
        axis.text(0.5, 0.5, "no motif in more than one seed", ha="center", va="center", color=GREY)
        return None
    here = found[found["motif"].isin(shown)]
    best, counts = (
        here.pivot_table("similarity", "motif", "seed", how)
        .reindex(index=shown, columns=seeds)
        .to_numpy(float)
        for how in ("max", "size")
    )
    low = min(0.8, float(np.nanmin(best)))
    shades = plt.get_cmap("viridis").with_extremes(bad="#F0F0F0")
    image = axis.imshow(best, aspect="auto", cmap=shades, vmin=low, vmax=1, interpolation="nearest")
    for i, j in np.argwhere(counts > 1):
        colour = "white" if best[i, j] < low + 0.6 * (1 - low) else "black"
        axis.text(j, i, f"{counts[i, j]:.0f}", ha="center", va="center", fontsize=6.5, color=colour)
    axis.set_yticks(range(len(shown)), names, fontsize=7)
    axis.set_xticks(range(len(seeds)), seeds, fontsize=7.5)
    axis.set_xlabel("Seed (numbers: filters of a seed in the set, where several)", fontsize=8)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    return image


def _bars(axis, counts, most):
    numbers = counts.value_counts().reindex(range(1, most + 1), fill_value=0)
    axis.bar(numbers.index, numbers, color=CLASS_COLOURS[0], width=0.7)
    for number, count in numbers.items():
        axis.text(number, count, f"{count:,}", ha="center", va="bottom", fontsize=7.5)
    axis.set_xticks(numbers.index, numbers.index, fontsize=7.5)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.margins(y=0.15)
    axis.set_xlabel("Seeds that hold a motif", fontsize=8)
    axis.set_ylabel("Sets", fontsize=8)
