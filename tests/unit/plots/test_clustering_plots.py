import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import dendrogram, fcluster, leaves_list, linkage

from motifloom.plots import clustering as plots
from motifloom.plots.clustering import CLUSTER_COLOURS, Side
from motifloom.plots.style import CLASS_COLOURS, save_figure


def words(figure):
    return [text.get_text() for text in figure.texts]


def tree(count, clusters=3, silent=(), seed=0):
    """Linkage, Newick text and table of clusters of count filters, some of them silent besides."""
    points = np.random.default_rng(seed).normal(size=(count, 6))
    found = linkage(points, "ward")
    table = pd.DataFrame({"filter": [f"conv1_{i:03d}" for i in range(count)]})
    table["activation_cluster"] = pd.array(fcluster(found, clusters, "maxclust"), "Int64")
    table["motif_cluster"] = table["activation_cluster"]
    nodes = table["filter"].tolist()
    heights = [0.0] * count
    for left, right, height, _ in found:
        ends = [f"{nodes[int(i)]}:{height - heights[int(i)]}" for i in (left, right)]
        nodes.append(f"({','.join(ends)})")
        heights.append(height)
    extra = pd.DataFrame(
        {"filter": list(silent), "activation_cluster": pd.array([pd.NA] * len(silent), "Int64")}
    )
    return found, nodes[-1] + ";", pd.concat([table, extra], ignore_index=True)


def test_trees_are_those_of_scipy():
    found, _, _ = tree(12)
    expected = dendrogram(found, no_plot=True)
    segments = plots.tree_segments(found, 12)
    wanted = {
        tuple(np.round([*((np.array(x) - 5) / 10), *y], 9))
        for x, y in zip(expected["icoord"], expected["dcoord"], strict=True)
    }
    assert {tuple(np.round([*lines[:, 0], *lines[:, 1]], 9)) for lines in segments} == wanted


def test_heat_map_orders_values_names_and_strips_alike():
    found, _, table = tree(7)
    values = np.arange(35.0).reshape(7, 5)
    colours = [CLUSTER_COLOURS[i] for i in range(7)]
    figure = plots.heat_map(
        values,
        Side(found, table["filter"].tolist(), [("strip", colours, None)]),
        Side(None, list("vwxyz")),
        (3, 3),
        label="value",
        limits=(0, 35),
        legend={"first": colours[0]},
    )
    order = leaves_list(found)
    axis, strip = figure.axes[:2]
    np.testing.assert_array_equal(axis.images[0].get_array(), values[order])
    assert [tick.get_text() for tick in axis.get_yticklabels()] == [f"conv1_{i:03d}" for i in order]
    assert [tick.get_text() for tick in axis.get_xticklabels()] == list("vwxyz")
    drawn = [plt.matplotlib.colors.to_hex(cell) for cell in strip.images[0].get_array()[:, 0]]
    assert drawn == [colours[i].lower() for i in order]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["first"]


def test_what_is_missing_is_grey():
    values = np.array([[1.0, np.nan]])
    figure = plots.heat_map(values, Side(), Side(), (2, 1), label="", limits=(0, 1))
    assert figure.axes[0].images[0].get_array().mask.tolist() == [[False, True]]


def test_names_shrink_and_then_thin_out():
    assert plots._type_size(6, 12) == (8, 1)
    size, step = plots._type_size(16, 300)
    assert (step, size >= plots.SMALLEST) == (1, True)
    size, step = plots._type_size(6, 400)
    assert step > 1 and size >= plots.SMALLEST


def scores(**columns):
    rows = []
    for compared, values in columns.items():
        best = np.argmax(values)
        rows += [(compared, k + 2, value, k == best) for k, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["compared", "clusters", "silhouette", "chosen"])


def test_silhouettes_name_the_chosen_number():
    figure = plots.silhouettes(scores(activation=[0.1, 0.4, 0.2], motif=[0.5, 0.3]))
    line = figure.axes[0].lines[0].get_xydata()
    np.testing.assert_allclose(line, [(2, 0.1), (3, 0.4), (4, 0.2)])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "activation over sequences: 3 clusters",
        "motifs: 2 clusters",
    ]
    none = pd.DataFrame({"compared": ["motif"], "clusters": [1], "silhouette": [np.nan], "chosen": [True]})
    assert "nothing to choose" in words(plots.silhouettes(none))[0]


def leaf_texts(figure):
    return [text for text in figure.axes[0].texts if text.get_text().startswith("conv1")]


@pytest.mark.parametrize(("count", "clusters"), [(2, 1), (12, 3), (60, 11)])
def test_circle_names_every_filter(count, clusters):
    _, newick, table = tree(count, clusters, silent=["conv1_900", "conv1_901"])
    figure = plots.circular_tree(newick, table)
    found = leaf_texts(figure)
    order = leaves_list(tree(count)[0]) if count > 2 else [0, 1]
    assert [text.get_text() for text in found] == [f"conv1_{i:03d}" for i in order]
    numbers = {text.get_text() for text in figure.axes[0].texts} - {text.get_text() for text in found}
    assert numbers == {str(i + 1) for i in range(clusters)}
    assert words(figure) == [
        f"Filters by activation over sequences: n = {count} of {count + 2}, clusters = {clusters}",
        "in no cluster: conv1_900, conv1_901",
    ]


def test_names_round_the_circle_do_not_overlap_or_leave_the_figure():
    _, newick, table = tree(300, 10)
    figure = plots.circular_tree(newick, table, "motif")
    size = leaf_texts(figure)[0].get_fontsize()
    assert size >= 2.5
    radius = min(figure.get_size_inches()) / 2
    assert 300 * size / 72 < 2 * np.pi * radius
    figure.canvas.draw()
    box = figure.get_tightbbox()
    assert box.width <= figure.get_figwidth() + 0.1


def test_deep_trees_are_drawn():
    count = 400
    height = np.cumsum(np.ones(count - 1))
    text = "conv1_000"
    for i, top in enumerate(height):
        text = f"({text}:1,conv1_{i + 1:03d}:{top})"
    table = pd.DataFrame({"filter": [f"conv1_{i:03d}" for i in range(count)], "activation_cluster": 1})
    assert len(leaf_texts(plots.circular_tree(text + ";", table))) == count


@pytest.mark.parametrize("count", [0, 1])
def test_no_tree(count):
    clusters = pd.array([1] * count + [pd.NA] * (2 - count), "Int64")
    table = pd.DataFrame({"filter": ["a", "b"], "activation_cluster": clusters})
    for figure in (
        plots.circular_tree("a;", table),
        plots.correlations(np.full((2, 2), np.nan), np.zeros((0, 4)), table),
    ):
        assert words(figure)[0].startswith(f"{count} filter with anything to compare")


def test_correlations_leave_silent_filters_out():
    found, _, table = tree(9, silent=["conv1_900"])
    table = table.iloc[[0, 1, 9, *range(2, 9)]].reset_index(drop=True)
    correlation = np.corrcoef(np.random.default_rng(0).normal(size=(10, 20)))
    correlation[2] = correlation[:, 2] = np.nan
    figure = plots.correlations(correlation, found, table)
    known = np.delete(np.arange(10), 2)
    order = known[leaves_list(found)]
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), correlation[np.ix_(order, order)])
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == table["filter"].iloc[
        order
    ].tolist()
    assert words(figure)[1] == "in no cluster: conv1_900"
    assert {text.get_text() for text in figure.axes[1].texts} >= {"1", "2", "3", "cluster"}


def sample(task, classes, rows=30, filters=5):
    rng = np.random.default_rng(0)
    names = classes[1:] if task == "binary" else classes
    targets = {
        "binary": lambda: rng.integers(0, 2, (rows, 1)),
        "multiclass": lambda: np.eye(len(classes))[rng.integers(0, len(classes), rows)],
        "multilabel": lambda: rng.integers(0, 2, (rows, len(classes))),
        "regression": lambda: rng.normal(size=(rows, len(classes))),
    }[task]()
    values = rng.normal(size=(rows, filters))
    parts = [
        pd.DataFrame({"id": [f"s{i}" for i in range(rows)]}),
        pd.DataFrame(targets, columns=[f"target.{name}" for name in names]),
        pd.DataFrame(values, columns=[f"conv_{i}" for i in range(filters)]).assign(conv_9=np.nan),
    ]
    table = pd.concat(parts, axis=1)
    counts = pd.DataFrame({"class": [*classes], "sequences": 1000, "drawn": 15})
    return table, counts


@pytest.mark.parametrize(
    ("task", "classes", "strips", "legend"),
    [
        ("binary", ["no", "yes"], ["class"], ["no", "yes"]),
        ("multiclass", ["a", "b", "c"], ["class"], ["a", "b", "c"]),
        ("multiclass", [f"k{i}" for i in range(12)], [f"k{i}" for i in range(12)], []),
        ("multilabel", ["a", "b"], ["a", "b"], []),
        ("regression", ["u", "v"], ["u", "v"], []),
    ],
)
def test_sequences_of_every_task(tmp_path, task, classes, strips, legend):
    table, counts = sample(task, classes)
    figure = plots.sequences(table, counts, task, classes)
    shown = [text.get_text() for axis in figure.axes[1:-1] for text in axis.texts]
    # The innermost strip is drawn first.
    assert [text.split(" (")[0] for text in shown][::-1] == strips
    assert [text.get_text() for one in figure.legends for text in one.get_texts()] == legend
    title, note = (text.replace("\n", " ") for text in words(figure))
    assert title == "n = 30 sequences, 5 filters"
    if task == "regression":
        assert "Sequences drawn at random: 30 of 2,000." in note
    else:
        assert f"15 of 1,000 {classes[-1]}." in note
    assert "not shown: conv_9" in note
    save_figure(figure, tmp_path / "figure.svg")


def test_classes_stand_beside_their_sequences():
    table, counts = sample("binary", ["no", "yes"])
    figure = plots.sequences(table, counts, "binary", ["no", "yes"])
    values = table[[f"conv_{i}" for i in range(5)]].to_numpy()
    order = leaves_list(linkage(values, "ward"))
    expected = [CLASS_COLOURS[i].lower() for i in table["target.yes"].iloc[order]]
    drawn = [plt.matplotlib.colors.to_hex(cell) for cell in figure.axes[1].images[0].get_array()[:, 0]]
    assert drawn == expected
    columns = leaves_list(linkage(values.T, "ward"))
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), values[np.ix_(order, columns)])


def test_hundreds_of_labels_share_the_place_of_strips():
    classes = [f"factor {i}" for i in range(90)]
    figure = plots.sequences(*sample("multilabel", classes), "multilabel", classes)
    assert figure.get_figwidth() < 12


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_sequences(rows):
    table, counts = sample("binary", ["no", "yes"])
    figure = plots.sequences(table.iloc[:rows], counts, "binary", ["no", "yes"])
    assert "nothing to cluster" in words(figure)[0]


def test_one_filter_has_no_tree():
    table, counts = sample("binary", ["no", "yes"], filters=1)
    assert len(plots.sequences(table, counts, "binary", ["no", "yes"]).axes) == 4


def test_agreement_counts_filters():
    clusters = pd.DataFrame(
        {
            "filter": list("abcde"),
            "activation_cluster": pd.array([1, 1, 2, 2, pd.NA], "Int64"),
            "motif_cluster": pd.array([1, 2, 2, 2, 1], "Int64"),
        }
    )
    measures = pd.DataFrame(
        {
            "measure": ["adjusted_rand", "adjusted_mutual_information", "cophenetic_correlation"],
            "value": [0.25, np.nan, 0.5],
            "filters": 4,
        }
    )
    figure = plots.agreement(clusters, measures)
    assert figure.axes[0].images[0].get_array().tolist() == [[1, 1], [0, 2]]
    assert figure.axes[0].get_title(loc="left") == "n = 4 filters\nadjusted Rand 0.25, cophenetic r 0.50"
    assert "no filter" in words(plots.agreement(clusters.iloc[4:], measures))[0]


def test_figures_are_the_same_bytes(tmp_path):
    found, newick, table = tree(14)
    correlation = np.corrcoef(np.random.default_rng(0).normal(size=(14, 20)))
    for draw in (
        lambda: plots.circular_tree(newick, table),
        lambda: plots.correlations(correlation, found, table),
        lambda: plots.silhouettes(scores(motif=[0.1, 0.2])),
    ):
        for name in ("one.svg", "two.svg"):
            save_figure(draw(), tmp_path / name)
        assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_neighbouring_clusters_differ_in_colour():
    colours = plots.cluster_colours([*range(1, 20), None])
    assert len(colours) == 19
    assert all(colours[i] != colours[i + 1] for i in range(1, 19))
