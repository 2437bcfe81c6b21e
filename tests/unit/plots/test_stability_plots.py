import numpy as np
import pandas as pd

from motifloom.plots.stability import MOST, seeds_per_motif
from motifloom.plots.style import save_figure


def table(sets, missing=()):
    """sets: lists of (seed, similarity), the medoid first."""
    rows = []
    for motif, members in enumerate(sets, 1):
        seeds = len({seed for seed, _ in members})
        for i, (seed, value) in enumerate(members):
            rows.append((motif, seeds, seed, f"conv_{motif:03d}{i}", value, "+", 0, i == 0))
    rows += [(pd.NA, pd.NA, seed, "conv_x", np.nan, None, pd.NA, False) for seed in missing]
    columns = ["motif", "seeds", "seed", "filter", "similarity", "strand", "offset", "medoid"]
    return pd.DataFrame(rows, columns=columns).astype({"motif": "Int64", "seeds": "Int64", "medoid": bool})


def words(figure):
    return [text.get_text() for text in figure.texts]


def test_shared_motifs_by_seed_and_counts_of_all():
    sets = [[(3, 1.0), (1, 0.9), (1, 0.95), (2, 0.85)], [(2, 1.0), (3, 0.82)], [(1, 1.0)], [(1, 1.0)]]
    figure = seeds_per_motif(table(sets, missing=[2]))
    bars, grid = figure.axes[:2]
    assert [patch.get_height() for patch in bars.patches] == [2, 1, 1]
    values = grid.images[0].get_array()
    np.testing.assert_allclose(values.filled(np.nan), [[0.95, 0.85, 1], [np.nan, 1, 0.82]])
    assert [tick.get_text() for tick in grid.get_xticklabels()] == ["1", "2", "3"]
    assert [tick.get_text() for tick in grid.get_yticklabels()] == [
        "conv_0010 (seed 3)",
        "conv_0020 (seed 2)",
    ]
    assert [(text.get_position(), text.get_text()) for text in grid.texts] == [((0, 0), "2")]
    assert words(figure) == ["n = 8 filters of 3 seeds in 4 sets\nfilters without a motif: 1"]


def test_many_sets_are_cut_and_said_to_be(tmp_path):
    figure = seeds_per_motif(table([[(1, 1.0), (2, 0.9)]] * (MOST + 15)))
    assert figure.axes[1].images[0].get_array().shape == (MOST, 2)
    assert "60 of 75 shared sets shown" in words(figure)[0]
    for name in ("one.svg", "two.svg"):
        save_figure(seeds_per_motif(table([[(1, 1.0), (2, 0.9)]])), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_one_seed_and_no_motif():
    figure = seeds_per_motif(table([[(1, 1.0)], [(1, 1.0)]]))
    assert figure.axes[1].texts[0].get_text() == "no motif in more than one seed"
    assert [patch.get_height() for patch in figure.axes[0].patches] == [2]
    assert words(seeds_per_motif(table([], missing=[1, 2]))) == ["no filter holds a motif to match"]


def test_the_table_read_from_a_file_is_drawn(tmp_path):
    from motifloom.io import read_table, write_table

    write_table(table([[(1, 1.0), (2, 0.9)]], missing=[1]), tmp_path / "stability.tsv")
    figure = seeds_per_motif(read_table(tmp_path / "stability.tsv"))
    assert figure.axes[1].images[0].get_array().tolist() == [[1.0, 0.9]]
