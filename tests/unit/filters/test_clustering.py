from io import StringIO

import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import cophenet, fcluster, linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import silhouette_samples

from motifloom.data.encode import DNA
from motifloom.filters import clustering
from motifloom.filters.clustering import (
    activation_correlation,
    agreement,
    cluster,
    cluster_activations,
    cluster_motifs,
    clusters_table,
    newick,
    sample_sequences,
    scores_table,
    silhouette,
)
from motifloom.filters.motifs import MotifSet
from motifloom.filters.redundancy import motif_similarity, redundancy_groups

METHODS = ["ward", "average", "complete", "single", "weighted", "centroid", "median"]


def names(count):
    return [f"conv_{i:03d}" for i in range(count)]


def activations(rows=60, filters=9, seed=0):
    """Three groups of filters, each with a signal in common."""
    rng = np.random.default_rng(seed)
    signals = rng.normal(size=(rows, 3))
    noise = 0.5 * rng.normal(size=(rows, filters))
    return np.maximum(signals[:, np.arange(filters) % 3] + noise, 0).astype(np.float32)


@pytest.fixture
def mean():
    return activations()


def z_scores(mean):
    mean = mean.astype(float)
    return ((mean - mean.mean(axis=0)) / mean.std(axis=0)).T


@pytest.mark.parametrize("method", METHODS)
def test_equals_scipy_on_the_fingerprints(mean, method):
    found = cluster_activations(names(9), mean, method=method, clusters=3)
    expected = linkage(z_scores(mean), method)
    np.testing.assert_allclose(found.linkage, expected, rtol=1e-9)
    assert found.labels.tolist() == fcluster(expected, 3, "maxclust").tolist()
    assert found.count == 3


def test_number_of_clusters_by_silhouette(mean):
    found = cluster_activations(names(9), mean, max_k=6)
    assert found.scores["clusters"].tolist() == [2, 3, 4, 5, 6]
    assert found.scores.loc[found.scores["chosen"], "clusters"].tolist() == [3]
    tree, points = linkage(z_scores(mean), "ward"), z_scores(mean)
    for row in found.scores.itertuples():
        samples = silhouette_samples(points, fcluster(tree, row.clusters, "maxclust"))
        assert row.silhouette == pytest.approx(samples.mean(), abs=1e-9)
        if row.chosen:
            np.testing.assert_allclose(found.silhouettes, samples, atol=1e-9)
    # Filters 0, 3, 6 share a signal, and so on.
    assert (found.labels.reshape(3, 3) == found.labels[:3]).all()


def test_as_many_clusters_as_filters_at_most(mean):
    assert cluster_activations(names(9), mean, max_k=99).scores["clusters"].tolist() == list(range(2, 9))
    assert cluster_activations(names(9), mean, clusters=99).count == 9
    one = cluster_activations(names(9), mean, clusters=1)
    assert one.count == 1
    assert np.isnan(one.silhouettes).all()
    assert one.scores["clusters"][one.scores["chosen"]].tolist() == [1]


def test_correlation_in_blocks(monkeypatch, mean):
    expected = np.corrcoef(mean.astype(float).T)
    np.testing.assert_allclose(activation_correlation(mean), expected, atol=1e-11)
    monkeypatch.setattr(clustering, "ROWS", 7)
    np.testing.assert_allclose(activation_correlation(mean), expected, atol=1e-11)
    assert (np.diag(activation_correlation(mean)) == 1).all()


def test_equal_filters_have_distance_zero(mean):
    twice = np.concatenate([mean, mean * 3], axis=1)
    found = cluster_activations(names(18), twice, clusters=9)
    assert (found.linkage[:9, 2] == 0).all()
    assert (found.labels[:9] == found.labels[9:]).all()


def test_silent_filters_have_no_cluster(mean):
    mean[:, 2] = 0
    mean[:, 5] = 0.7
    mean[3, 7] = np.inf
    found = cluster_activations(names(9), mean, clusters=2)
    rest = [0, 1, 3, 4, 6, 8]
    assert found.members.tolist() == rest
    assert found.names == [f"conv_{i:03d}" for i in rest]
    table = found.table()
    assert table["filter"].tolist() == names(9)
    assert np.flatnonzero(table["cluster"].isna()).tolist() == [2, 5, 7]
    assert table.loc[[2, 5, 7], ["silhouette", "order"]].isna().all(axis=None)
    same = cluster_activations([f"conv_{i:03d}" for i in rest], mean[:, rest], clusters=2)
    np.testing.assert_array_equal(found.linkage, same.linkage)
    assert "conv_002" not in found.newick()


@pytest.mark.parametrize("filters", [0, 1, 2, 3])
@pytest.mark.parametrize("rows", [1, 20])
def test_few_filters_and_a_single_sequence(filters, rows):
    found = cluster_activations(names(filters), activations(rows, max(filters, 1))[:, :filters])
    usable = filters if rows > 1 else 0
    assert len(found.members) == usable
    assert len(found.linkage) == max(usable - 1, 0)
    assert found.table()["cluster"].notna().sum() == usable
    assert found.scores["chosen"].sum() == min(usable, 1)
    expected = {0: ";", 1: "conv_000;"}.get(usable)
    assert found.newick() == expected if usable < 2 else found.newick().count("conv_") == usable
    assert len(agreement(found, found)) == 3


def test_no_sequence():
    assert len(cluster_activations(names(3), np.zeros((0, 3))).members) == 0


def test_clusters_stand_together_in_the_tree():
    found = cluster_activations(names(40), activations(100, 40, seed=2), clusters=7)
    table = found.table().sort_values("order")
    assert table["order"].tolist() == list(range(40))
    cluster_of = table["cluster"].to_numpy(int)
    assert np.count_nonzero(np.diff(cluster_of)) + 1 == len(set(cluster_of)) == 7


def test_silhouette_by_hand():
    distances = squareform([1.0, 4.0, 5.0, 3.0, 4.0, 2.0])
    # Of item 0: 1 within, (4 + 5) / 2 to the other cluster.
    expected = [1 - 1 / 4.5, 1 - 1 / 3.5, 1 - 2 / 3.5, 1 - 2 / 4.5]
    np.testing.assert_allclose(silhouette(distances, np.array([1, 1, 2, 2])), expected)
    alone = silhouette(distances, np.array([1, 1, 1, 2]))
    assert alone[3] == 0
    np.testing.assert_allclose(alone, silhouette_samples(distances, [1, 1, 1, 2], metric="precomputed"))
    assert np.isnan(silhouette(distances, np.ones(4))).all()
    assert (silhouette(np.zeros((4, 4)), np.array([1, 1, 2, 2])) == 0).all()


def test_motifs_cluster_on_either_strand():
    rng = np.random.default_rng(3)
    cores = rng.dirichlet([0.2] * 4, (3, 8))
    counts = {}
    for i in range(9):
        matrix = np.full((12, 4), 0.25)
        shift = int(rng.integers(0, 5))
        matrix[shift : shift + 8] = cores[i % 3] if i < 6 else cores[i % 3][::-1, ::-1]
        counts[f"conv_{i:03d}"] = matrix
    counts["conv_009"] = np.zeros((12, 4))
    motifs = MotifSet("top", DNA, counts, ["conv"] * 10, [9] * 9 + [0])
    similarity = motif_similarity(motifs)
    found = cluster_motifs(similarity)
    assert found.count == 3
    assert (found.labels.reshape(3, 3) == found.labels[:3]).all()
    distances = (1 - similarity.best)[:9, :9]
    np.fill_diagonal(distances, 0)
    expected = linkage(squareform(distances, checks=False), "average")
    np.testing.assert_allclose(found.linkage, expected, rtol=1e-9)


def parse(text):
    from Bio import Phylo

    return Phylo.read(StringIO(text), "newick")


@pytest.mark.parametrize("method", ["ward", "average", "single"])
def test_newick_reads_back_as_the_same_tree(mean, method):
    found = cluster_activations(names(9), mean, method=method)
    tree = parse(found.newick())
    leaves = tree.get_terminals()
    assert [leaf.name for leaf in leaves] == found.table().sort_values("order")["filter"].tolist()
    # In these trees, leaves are equally far from the node where they meet: half the way between them.
    heights = squareform(cophenet(found.linkage))
    for i, a in enumerate(found.names):
        for j, b in enumerate(found.names[:i]):
            assert tree.distance(a, b) / 2 == pytest.approx(heights[i, j], rel=1e-12)


def test_branches_are_exact_and_names_quoted():
    tree = np.array([[0, 1, 0.1, 2], [2, 3, 0.30000000000000004, 3]])
    text = newick(tree, ["a b", "it's", "conv1_007"])
    assert text == "(conv1_007:0.30000000000000004,('a b':0.1,'it''s':0.1):0.20000000000000004);"
    assert {leaf.name for leaf in parse(text).get_terminals()} == {"a b", "it's", "conv1_007"}
    assert newick(np.zeros((0, 4)), ["x:1"]) == "'x:1';"
    assert newick(np.zeros((0, 4)), []) == ";"


def test_a_tree_of_a_thousand_levels():
    points = np.cumsum(1.001 ** np.arange(1200))[:, None]
    text = newick(linkage(points, "single"), names(1200))
    assert text.count("(") == 1199
    assert text.startswith("(" * 2) or text.endswith(");")


def test_cluster_takes_any_distances():
    distances = np.array([[0, 1, np.nan], [1, 0, np.nan], [np.nan] * 3])
    found = cluster(["a", "b", "c"], distances, method="complete", clusters=2)
    assert found.table()["cluster"].tolist() == [1, 2, pd.NA]


@pytest.fixture
def both(mean):
    rng = np.random.default_rng(5)
    mean[:, 1] = 0
    counts = {name: rng.dirichlet([0.2] * 4, 8) for name in names(9)}
    counts["conv_004"] = np.zeros((8, 4))
    motifs = MotifSet("top", DNA, counts, ["conv"] * 9, [9, 9, 9, 9, 0, 9, 9, 9, 9])
    similarity = motif_similarity(motifs)
    return cluster_activations(names(9), mean), cluster_motifs(similarity), redundancy_groups(similarity)


def test_table_of_clusters_has_every_filter(both):
    table = clusters_table(*both)
    assert table.columns.tolist() == [
        "filter",
        "activation_cluster",
        "activation_silhouette",
        "motif_cluster",
        "motif_silhouette",
        "redundancy_group",
        "activation_order",
        "motif_order",
    ]
    assert table["filter"].tolist() == names(9)
    assert np.flatnonzero(table["activation_cluster"].isna()).tolist() == [1]
    for column in ("motif_cluster", "motif_silhouette", "redundancy_group", "motif_order"):
        assert np.flatnonzero(table[column].isna()).tolist() == [4]
    assert sorted(table["motif_order"].dropna()) == list(range(8))


def test_table_of_scores(both):
    table = scores_table(*both[:2])
    assert table.columns.tolist() == ["compared", "clusters", "silhouette", "chosen"]
    assert table.groupby("compared")["chosen"].sum().tolist() == [1, 1]
    assert (table["compared"] == "activation").sum() == 6


def test_agreement_by_formula(both):
    first, second, _ = both
    table = agreement(first, second)
    assert table.columns.tolist() == ["measure", "value", "filters"]
    assert (table["filters"] == 7).all()
    value = table.set_index("measure")["value"]
    shared = np.setdiff1d(np.arange(9), [1, 4])
    a, b = (found.table()["cluster"].to_numpy(float)[shared] for found in (first, second))
    pairs = np.triu_indices(7, 1)
    same_a, same_b = (np.equal.outer(labels, labels)[pairs] for labels in (a, b))
    expected = same_a.sum() * same_b.sum() / len(same_a)
    largest = (same_a.sum() + same_b.sum()) / 2
    rand = ((same_a & same_b).sum() - expected) / (largest - expected)
    assert value["adjusted_rand"] == pytest.approx(rand)
    heights = []
    for found in (first, second):
        rows = np.searchsorted(found.members, shared)
        heights.append(squareform(cophenet(found.linkage))[np.ix_(rows, rows)][pairs])
    assert value["cophenetic_correlation"] == pytest.approx(np.corrcoef(*heights)[0, 1])


def test_agreement_of_a_clustering_with_itself_and_with_one_cluster(mean):
    found = cluster_activations(names(9), mean)
    assert agreement(found, found)["value"].tolist() == pytest.approx([1, 1, 1])
    one = cluster_activations(names(9), mean, clusters=1)
    values = agreement(found, one)["value"]
    assert values.isna().tolist() == [True, True, False]


def draw(targets, task, classes, maximum=None, **options):
    targets = np.asarray(targets, float)
    maximum = activations(len(targets), 4) if maximum is None else maximum
    ids = [f"s{i}" for i in range(len(targets))]
    return sample_sequences(maximum, names(4), ids, targets, task, classes, **options)


def test_sequences_are_drawn_evenly():
    targets = (np.arange(300) % 10 == 0)[:, None]
    sample, counts = draw(targets, "binary", ["no", "yes"], most=50)
    assert counts.to_numpy().tolist() == [["no", 270, 25], ["yes", 30, 25]]
    assert sample.columns.tolist() == ["id", "target.yes", *names(4)]
    assert sample["target.yes"].sum() == 25
    rows = sample["id"].str[1:].astype(int)
    assert rows.is_monotonic_increasing and rows.is_unique
    again, _ = draw(targets, "binary", ["no", "yes"], most=50)
    pd.testing.assert_frame_equal(sample, again)
    other, _ = draw(targets, "binary", ["no", "yes"], most=50, seed=2)
    assert other["id"].tolist() != sample["id"].tolist()
    few, _ = draw(targets, "binary", ["no", "yes"], most=20)
    assert few["target.yes"].value_counts().tolist() == [10, 10]
    _, everything = draw(targets, "binary", ["no", "yes"], most=2000)
    assert everything["drawn"].tolist() == [270, 30]


def test_values_are_z_scores_over_all_sequences(monkeypatch):
    maximum = activations(90, 4)
    maximum[:, 2] = 1.5
    expected = z_scores(maximum[:, [0, 1, 3]]).T
    for columns in (32, 2):
        monkeypatch.setattr(clustering, "COLUMNS", columns)
        sample, _ = draw(np.zeros((90, 1)), "regression", ["signal"], maximum, most=20)
        rows = sample["id"].str[1:].astype(int).to_numpy()
        np.testing.assert_allclose(sample[["conv_000", "conv_001", "conv_003"]], expected[rows], atol=1e-5)
        assert sample["conv_002"].isna().all()


def test_sequences_with_several_labels_count_for_all_of_them():
    rng = np.random.default_rng(0)
    targets = rng.random((200, 3)) < 0.3
    sample, counts = draw(targets, "multilabel", ["x", "y", "z"], most=60)
    assert counts["class"].tolist() == ["x", "y", "z", "no label"]
    assert counts["sequences"].tolist() == [*targets.sum(axis=0), (~targets.any(axis=1)).sum()]
    drawn = sample[["target.x", "target.y", "target.z"]].to_numpy()
    assert counts["drawn"].tolist() == [*drawn.sum(axis=0), (drawn.sum(axis=1) == 0).sum()]
    assert (counts["drawn"] >= 15).all()
    assert counts["drawn"].tolist()[-1] == 15
    assert sample["id"].is_unique


def test_classes_and_values():
    one_hot = np.eye(3)[np.arange(30) % 3]
    sample, counts = draw(one_hot, "multiclass", ["a", "b", "c"], most=12)
    assert counts["drawn"].tolist() == [4, 4, 4]
    assert sample.filter(like="target.").sum().tolist() == [4, 4, 4]
    sample, counts = draw(np.arange(60).reshape(30, 2), "regression", ["u", "v"], most=12)
    assert counts.to_numpy().tolist() == [["all", 30, 12]]
    assert (sample["target.v"] - sample["target.u"] == 1).all()


def test_sequences_without_windows_are_not_drawn():
    maximum = activations(40, 4)
    maximum[:20] = np.nan
    maximum[:, 3] = np.nan
    sample, counts = draw(np.ones((40, 1)), "binary", ["no", "yes"], maximum)
    assert counts.to_numpy().tolist() == [["no", 0, 0], ["yes", 40, 20]]
    assert sample[names(3)].notna().all(axis=None)
    assert sample["conv_003"].isna().all()
    np.testing.assert_allclose(sample[names(3)].std(ddof=0), 1, rtol=1e-5)
    maximum[:] = np.nan
    assert draw(np.ones((40, 1)), "binary", ["no", "yes"], maximum)[0].empty


def test_distances_do_not_need_the_pairs_of_sequences():
    """The distance of two fingerprints from their correlation is that of SciPy."""
    mean = activations(500, 30, seed=7)
    expected = squareform(pdist(z_scores(mean)))
    found = np.sqrt(2 * 500 * (1 - activation_correlation(mean)))
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize("method", ["median", "centroid", "ward"])
def test_as_many_clusters_as_the_table_says(method):
    for seed in range(20):
        mean = np.random.default_rng(seed).normal(size=(30, 8))
        names = [f"f{i}" for i in range(8)]
        for clusters in range(1, 9):
            found = clustering.cluster_activations(names, mean, method=method, clusters=clusters)
            assert len(np.unique(found.labels)) == clusters
        assert ":-" not in found.newick()


def test_clusters_of_one_agree_on_nothing():
    mean = np.random.default_rng(0).normal(size=(30, 5))
    names = list("abcde")
    alone = clustering.cluster_activations(names, mean, clusters=5)
    table = clustering.agreement(alone, alone).set_index("measure")["value"]
    assert np.isnan(table[["adjusted_rand", "adjusted_mutual_information"]]).all()
