"""Motifs and sites of every method, by its name."""

from types import SimpleNamespace

import numpy as np
import pytest

from motifloom.config.methods import METHODS
from motifloom.errors import UserError
from motifloom.filters.bank import FilterBank
from motifloom.filters.classes import class_members, kernel_scores
from motifloom.filters.finding import find_motifs, site_finder
from motifloom.filters.methods import (
    class_max_motifs,
    cutoff_motifs,
    positive_motifs,
    softmax_motifs,
    top_motifs,
)
from motifloom.filters.motifs import MotifSet
from motifloom.filters.significance import control_fdr, test_windows, write_significance
from motifloom.filters.summaries import layer_slices, read_summary, write_summary

ROWS = np.arange(0, 60, 2)


@pytest.fixture
def bank(make_layer):
    """Two layers; the first filter likes a word that the sequences hold, one never fires."""
    layers = [make_layer(1, width=6, activation="relu", name="a"), make_layer(2, width=3, name="b")]
    layers[0].kernel[range(6), [0, 2, 2, 1, 3, 0], 0] += 4
    layers[0].kernel[:, :, 1], layers[0].bias[1] = -1, -1
    return FilterBank(layers)


@pytest.fixture
def dataset(make_tokens):
    tokens = make_tokens(rows=60)
    tokens[::3, 4:10] = [0, 2, 2, 1, 3, 0]
    values = np.random.default_rng(4).normal(size=(60, 1)).astype(np.float32)
    return SimpleNamespace(tokens=tokens, targets=values, task="regression", classes=["value"])


def same(one, two):
    assert (one.method, one.filters, one.layers, one.parameters) == (
        *(two.method, two.filters, two.layers, two.parameters),
    )
    assert all((one.counts[name] == two.counts[name]).all() for name in one)
    for name in ("n_sites", "thresholds", "background"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    return True


def test_every_method_of_the_config_is_known(bank, dataset, tmp_path):
    write_significance(tmp_path / "tests.h5", *test_windows(bank, dataset.tokens))
    write_summary(bank, dataset.tokens, tmp_path / "activations.h5")
    special = {"significant": tmp_path / "tests.h5", "class_max": tmp_path / "activations.h5"}
    for method, needs in METHODS.items():
        motifs = find_motifs(method, bank, dataset, special=special.get(method))
        assert (motifs.method, motifs.filters) == (method, bank.filters)
        assert (motifs.n_sites is not None) == (motifs.thresholds is not None) == needs.sites
        assert (motifs.cutoffs is not None) == needs.cutoffs
        assert motifs.kernels is not None
    with pytest.raises(KeyError):
        find_motifs("best", bank, dataset)


def test_methods_get_their_options_and_rows(bank, dataset):
    options = {"percentile": 50.0, "include_all_positive": False}
    expected = top_motifs(bank, dataset.tokens, rows=ROWS, **options)
    assert same(find_motifs("top", bank, dataset, rows=ROWS, threads=1, **options), expected)
    assert expected.n_sites.tolist() != find_motifs("top", bank, dataset, **options).n_sites.tolist()
    assert same(find_motifs("softmax", bank, None), softmax_motifs(bank))
    assert same(find_motifs("positive", bank, None, threads=2), positive_motifs(bank))


@pytest.mark.parametrize("over", ["filter", "all_filters"])
def test_significant_takes_the_windows_that_are_kept(bank, dataset, over, tmp_path):
    tests, steps = test_windows(bank, dataset.tokens, rows=ROWS, q_value=0.2)
    write_significance(tmp_path / "tests.h5", tests, steps)
    motifs = find_motifs(
        "significant", bank, dataset, special=tmp_path / "tests.h5", rows=ROWS, q_value=0.2, over=over
    )
    thresholds, _, cutoffs = control_fdr(tests, steps, 0.2, over)
    least = thresholds["threshold"].to_numpy()
    options = {"q_value": 0.2, "over": over}
    expected = cutoff_motifs("significant", bank, dataset.tokens, cutoffs, least, options, rows=ROWS)
    assert same(motifs, expected)
    # As many as were counted when they were tested.
    assert motifs.n_sites.tolist() == thresholds["kept"].tolist()
    assert motifs.n_sites[0] >= 10 and np.isnan(motifs.thresholds[1])
    assert all((motifs.cutoffs[name] == cutoffs[name]).all() for name in bank.filters)


def test_class_max_compares_the_thirds_of_values_of_these_rows(bank, dataset, tmp_path):
    write_summary(bank, dataset.tokens, tmp_path / "a.h5")
    motifs = find_motifs("class_max", bank, dataset, special=tmp_path / "a.h5", rows=ROWS, most_sites=5)
    names, chosen = class_members(dataset.targets[ROWS], "regression", ["value"])
    assert len(names) == 3 and chosen.sum(axis=0).tolist() == [10, 10, 10]
    members = np.zeros((60, 3), bool)
    members[ROWS] = chosen
    summary = read_summary(tmp_path / "a.h5")
    expected = class_max_motifs(bank, dataset.tokens, summary, members, names, rows=ROWS, most_sites=5)
    assert same(motifs, expected)
    # The table of classes tells the same top class and threshold.
    scores = kernel_scores(summary.maximum[ROWS], chosen, bank.filters, names).set_index("filter")
    np.testing.assert_allclose(motifs.thresholds, scores["threshold"], rtol=1e-12)
    tops = scores["top_target"].astype(object).where(scores["top_target"].notna(), None)
    assert motifs.parameters["top_targets"] == tops.to_dict()
    for layer, columns in layer_slices(bank):
        for f, name in enumerate(layer.filters):
            maxima = summary.maximum[ROWS, columns][:, f].astype(float)
            means = {group: maxima[rows].mean() for group, rows in zip(names, chosen.T, strict=True)}
            top = max(means, key=means.get)
            above = chosen[:, names.index(top)] & (maxima > max(means[top], 0))
            silent = not (maxima > 0).any()
            assert motifs.parameters["top_targets"][name] == (None if silent else top)
            assert motifs.n_sites[bank.filters.index(name)] == min(5, above.sum())


@pytest.mark.parametrize(
    ("task", "classes", "targets"),
    [
        ("binary", ["no", "yes"], [[0], [1]]),
        ("multiclass", ["x", "y"], [[1, 0], [0, 1]]),
        ("multilabel", ["x", "y"], [[1, 0], [1, 1], [0, 0]]),
    ],
)
def test_class_max_of_every_task(bank, dataset, task, classes, targets, tmp_path):
    dataset.task, dataset.classes = task, classes
    dataset.targets = np.array(targets, np.float32)[np.arange(60) % len(targets)]
    write_summary(bank, dataset.tokens, tmp_path / "a.h5")
    motifs = find_motifs("class_max", bank, dataset, special=tmp_path / "a.h5")
    names, _ = class_members(dataset.targets, task, classes)
    tops = motifs.parameters["top_targets"]
    assert list(tops) == bank.filters and set(tops.values()) <= {*names, None}
    assert tops["a_001"] is None and motifs.n_sites[1] == 0
    # Every third sequence has the word of the first filter: of three kinds, those of the first label.
    assert task != "multilabel" or tops["a_000"] == "x"


@pytest.mark.parametrize("both_strands", [False, True])
@pytest.mark.parametrize("method", ["top", "significant", "class_max"])
def test_sites_are_found_again(bank, dataset, method, both_strands, tmp_path):
    bank = bank.on_both_strands() if both_strands else bank
    write_significance(tmp_path / "significant.h5", *test_windows(bank, dataset.tokens, rows=ROWS))
    write_summary(bank, dataset.tokens, tmp_path / "class_max.h5")
    special, given = tmp_path / f"{method}.h5", {"rows": ROWS, "threads": 1}
    find_motifs(method, bank, dataset, special=special, **given).to_hdf5(tmp_path / "motifs.h5")
    # What a later job knows of the motifs is what their file says.
    motifs = MotifSet.from_hdf5(tmp_path / "motifs.h5")
    find, annotate = site_finder(motifs, dataset, special, **given)
    assert (annotate is not None) == (method == "significant")
    for layer, columns in layer_slices(bank):
        total = np.zeros(len(layer.filters), int)
        # Rows are asked for in parts, in the order of the genome.
        for rows in (ROWS[20:], ROWS[:20][::-1], np.zeros(0, np.int64)):
            for hits in find(layer, columns, rows):
                assert np.isin(hits.row, rows).all()
                total += np.bincount(hits.filter, minlength=len(total))
                if annotate:
                    p_value, q_value = annotate(layer.filters, hits)
                    assert len(p_value) == len(hits.row)
                    assert ((p_value <= q_value) & (q_value <= 0.05)).all()
        assert total.tolist() == motifs.n_sites[columns].tolist()
    assert motifs.n_sites[0] > 0


def test_a_damaged_file_is_a_user_error(bank, dataset, tmp_path):
    (tmp_path / "x.h5").write_bytes(b"nothing")
    for method, what in {"significant": "significance tests", "class_max": "activations"}.items():
        with pytest.raises(UserError, match=rf"x\.h5: not a .* of {what}"):
            find_motifs(method, bank, dataset, special=tmp_path / "x.h5", rows=ROWS)
