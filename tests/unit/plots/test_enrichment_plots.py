import numpy as np
import pytest

from motifloom.filters.enrichment import enrichment_table
from motifloom.io import read_table, write_table
from motifloom.plots.enrichment import enrichment_figure
from motifloom.plots.style import save_figure


def table(filters=12, targets=3, rows=200, task="multiclass", **options):
    rng = np.random.default_rng(0)
    maxima = rng.gamma(2, 1, (rows, filters))
    labels = np.eye(targets)[rng.integers(0, targets, rows)] if targets > 1 else rng.integers(0, 2, (rows, 1))
    for f in range(0, filters, 2):
        maxima[:, f] += 1.5 * labels[:, f % targets]
    maxima[:, 3] = 0
    names = [f"conv_{i:03d}" for i in range(filters)]
    classes = [f"class{i}" for i in range(targets)]
    return enrichment_table(maxima, (maxima > 3) * 1, 50, labels, task, names, classes, **options)


def panels(figure):
    return [axis for axis in figure.axes if axis.images]


def labels(figure):
    return [tick.get_text() for axis in panels(figure) for tick in axis.get_yticklabels()]


def stars(figure):
    """(filter, column) of every star."""
    found = set()
    for axis in panels(figure):
        names = [tick.get_text() for tick in axis.get_yticklabels()]
        for line in axis.lines:
            assert line.get_marker() == "*"
            x, y = line.get_data()
            found |= {(names[int(b)], int(np.floor(a + 0.5))) for a, b in zip(x, y, strict=True)}
    return found


@pytest.mark.parametrize(("filters", "targets"), [(12, 1), (12, 3), (130, 5)])
@pytest.mark.parametrize("test", ["mann_whitney", "fisher"])
def test_stars_stand_where_q_is_below_the_cutoff_and_nowhere_else(filters, targets, test):
    rows = table(filters, targets).query("test == @test")
    for cutoff in (0.05, 1e-6):
        significant = rows[rows["q_value"] < cutoff]
        column = significant["target"].str[5:].astype(int)
        assert len(significant) < len(rows)
        figure = enrichment_figure(rows, q_cutoff=cutoff)
        assert stars(figure) == set(zip(significant["filter"], column, strict=True))
        heading = figure.texts[0].get_text()
        assert f"{len(significant):,} of {rows['q_value'].notna().sum():,} tests" in heading


def test_a_cutoff_of_one_and_missing_q_values():
    rows = table().query("test == 'mann_whitney'")
    found = stars(enrichment_figure(rows, q_cutoff=2))
    assert len(found) == 33 and not any(name == "conv_003" for name, _ in found)


def test_every_filter_has_a_row_and_silent_ones_come_last():
    for count in (12, 130):
        figure = enrichment_figure(table(count).query("test == 'mann_whitney'"))
        assert sorted(labels(figure)) == [f"conv_{i:03d}" for i in range(count)]
        assert labels(figure)[-1] == "conv_003"
        drawn = np.concatenate([axis.images[0].get_array().filled(np.nan) for axis in panels(figure)])
        assert np.isnan(drawn[-1]).all() and np.isfinite(drawn[:-1]).all()
        hatched = [c for axis in panels(figure) for c in axis.collections if c.get_hatch()]
        assert sum(len(c.get_paths()) for c in hatched) == 3


def test_rows_are_ordered_by_best_target_then_effect():
    rows = table().query("test == 'mann_whitney'")
    wide = rows.pivot(index="filter", columns="target", values="auc").loc[
        labels(enrichment_figure(rows, effects={"mann_whitney": "auc"}))[:-1]
    ]
    best = wide.to_numpy().argmax(axis=1)
    assert (np.diff(best) >= 0).all()
    for target in range(3):
        assert (np.diff(wide.to_numpy()[best == target, target]) <= 0).all()


@pytest.mark.parametrize(("effect", "middle"), [("auc", 0.5), ("log2_fold_change", 0)])
def test_colours_are_symmetric_about_no_effect(effect, middle):
    rows = table().query("test == 'mann_whitney'").copy()
    image = panels(enrichment_figure(rows, effects={"mann_whitney": effect}))[0].images[0]
    assert image.norm.vmin == -image.norm.vmax
    shown = (
        rows.set_index(["filter", "target"])[effect]
        .unstack()
        .loc[labels(enrichment_figure(rows, effects={"mann_whitney": effect}))]
    )
    np.testing.assert_allclose(image.get_array().filled(np.nan), shown.to_numpy() - middle)
    # One filter that is silent in one class has a fold change of 20; the others keep their colours.
    rows.loc[rows.index[0], "log2_fold_change"] = 20
    if effect == "log2_fold_change":
        assert panels(enrichment_figure(rows, effects={"mann_whitney": effect}))[0].images[0].norm.vmax <= 3


def test_table_from_disk_and_file(tmp_path):
    write_table(table(), tmp_path / "enrichment.tsv")
    rows = read_table(tmp_path / "enrichment.tsv").query("test == 'fisher'")
    for name in ("one.svg", "two.svg"):
        save_figure(enrichment_figure(rows), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert b"Fisher's exact test, global universe, n = 200 sequences" in (tmp_path / "one.svg").read_bytes()


def test_correlations_and_empty_tables():
    rng = np.random.default_rng(1)
    maxima, values = rng.gamma(2, 1, (50, 4)), rng.normal(size=(50, 1))
    rows = enrichment_table(maxima, None, 9, values, "regression", list("abcd"), ["signal"])
    figure = enrichment_figure(rows)
    assert "Spearman rank correlation, n = 50 sequences" in figure.texts[0].get_text()
    assert enrichment_figure(rows[:0]).texts[0].get_text() == "no filter to test"


@pytest.mark.parametrize(("filters", "targets"), [(12, 1), (130, 5)])
def test_all_tests_of_a_table_stand_in_one_figure_and_do_not_overlap(filters, targets):
    options = {"units": ["sequence", "window"], "universes": ["global", "activated"]}
    whole = table(filters, targets, **options)
    figure = enrichment_figure(whole, q_cutoff=0.01)
    titles = [text.get_text().split("\n")[0] for text in figure.texts]
    assert len(titles) == 5 and titles[0].startswith("Mann-Whitney U test, n = 200 sequences")
    assert titles[4].startswith("Fisher's exact test, activated universe") and titles[4].endswith("windows")
    assert len(labels(figure)) == 5 * filters
    figure.canvas.draw()
    boxes = [axis.get_tightbbox().bounds for axis in figure.axes]
    boxes += [text.get_window_extent().bounds for text in figure.texts]
    for number, (x, y, width, height) in enumerate(boxes):
        assert x >= 0 and y >= 0 and x + width <= figure.bbox.width and y + height <= figure.bbox.height
        for a, b, wide, high in boxes[:number]:
            assert x >= a + wide or a >= x + width or y >= b + high or b >= y + height


def test_nothing_tested_at_all():
    rows = table().query("test == 'mann_whitney'").copy()
    rows[["auc", "log2_fold_change", "p_value", "q_value"]] = np.nan
    assert stars(enrichment_figure(rows)) == set()
