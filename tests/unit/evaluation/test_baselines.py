from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score

from motifloom.data.encode import DNA, PROTEIN, RNA
from motifloom.errors import UserError
from motifloom.evaluation import baselines
from motifloom.evaluation.baselines import (
    fit_baseline,
    gc_features,
    kmer_columns,
    kmer_features,
    letter_features,
)

PARTS = np.repeat(["train", "validation", "test"], [300, 100, 100])


def slow_kmers(text, k, alphabet, canonical):
    """Counts by dictionary, one k-mer at a time."""
    counts = {}
    for i in range(len(text) - k + 1):
        word = text[i : i + k]
        if set(word) <= set(alphabet.letters):
            if canonical:
                pairs = dict(zip(alphabet.letters, alphabet.complement, strict=True))
                word = min(word, "".join(pairs[letter] for letter in reversed(word)))
            counts[word] = counts.get(word, 0) + 1
    return counts


def dataset(task="binary", classes=("free", "bound"), n=500, length=40, alphabet=DNA, seed=0):
    """Sequences of which some hold the word TTACCC, and targets that follow it."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, alphabet.size, (n, length)).astype(np.uint8)
    bound = rng.random(n) < 0.5
    tokens[bound, 10:16] = DNA.encode("TTACCC")
    if task == "binary":
        targets = bound[:, None]
    elif task == "multiclass":
        targets = np.stack([~bound, bound], axis=1)
    else:
        targets = np.stack([bound, rng.random(n) < 0.3], axis=1)
    return SimpleNamespace(
        tokens=tokens,
        targets=targets.astype(np.float32),
        weights=None,
        alphabet=alphabet,
        task=task,
        classes=list(classes),
    )


def test_gc_features_by_hand():
    tokens = np.stack([DNA.encode(text) for text in ("GCAT", "GGNN", "NNNN", "aatt")])
    np.testing.assert_array_equal(gc_features(tokens, DNA), [[0.5, 0.25], [1, 1], [0.5, 0.25], [0, 0]])


@pytest.mark.parametrize(("k", "features"), [(1, 2), (2, 10), (3, 32), (6, 2080)])
def test_number_of_canonical_kmers(k, features):
    columns, names = kmer_columns(DNA, k, canonical=True)
    assert len(names) == columns.max() + 1 == features
    assert names == sorted(names)


def test_canonical_kmers_by_hand():
    columns, names = kmer_columns(DNA, 2, canonical=True)
    assert names == ["AA", "AC", "AG", "AT", "CA", "CC", "CG", "GA", "GC", "TA"]
    # TT is AA, GT is AC, TC is GA.
    assert names[columns[15]] == "AA" and names[columns[11]] == "AC" and names[columns[13]] == "GA"


@pytest.mark.parametrize(
    ("alphabet", "canonical"), [(DNA, True), (DNA, False), (RNA, False), (PROTEIN, False)]
)
@pytest.mark.parametrize("k", [1, 2, 3])
def test_kmer_features_agree_with_a_slow_count(alphabet, canonical, k):
    rng = np.random.default_rng(k)
    tokens = rng.integers(0, alphabet.size + 1, (30, 12)).astype(np.uint8)
    columns, names = kmer_columns(alphabet, k, canonical)
    found = kmer_features(tokens, alphabet, k, columns).toarray()
    for row, sequence in zip(found, tokens, strict=True):
        counts = slow_kmers(alphabet.decode(sequence), k, alphabet, canonical)
        expected = np.log1p([counts.get(name, 0) for name in names])
        expected /= max(np.linalg.norm(expected), 1e-7)
        np.testing.assert_allclose(row, expected, rtol=1e-5)


def test_a_sequence_without_known_kmers_has_no_features():
    columns, _ = kmer_columns(DNA, 2, canonical=True)
    assert kmer_features(DNA.encode("ANANA")[None], DNA, 2, columns).nnz == 0


def test_canonical_features_are_the_same_on_both_strands():
    tokens = dataset().tokens
    columns, _ = kmer_columns(DNA, 4, canonical=True)
    forward, reverse = (kmer_features(t, DNA, 4, columns) for t in (tokens, DNA.reverse_complement(tokens)))
    assert abs(forward - reverse).max() < 1e-6


@pytest.mark.parametrize("stored", ["array", "hdf5"])
def test_kmer_baseline_finds_the_word(stored, tmp_path, monkeypatch):
    monkeypatch.setattr(baselines, "_ROWS", 64)
    data = dataset()
    if stored == "hdf5":
        file = h5py.File(tmp_path / "dataset.h5", "w")
        data.tokens = file.create_dataset("tokens", data=data.tokens, chunks=(50, 40))
        data.targets = file.create_dataset("targets", data=data.targets)
    scores, coefficients = fit_baseline("kmer", data, PARTS, k=6, seed=1)
    assert scores.shape == (500, 1) and scores.dtype == np.float32
    assert roc_auc_score(data.targets[400:, 0], scores[400:, 0]) > 0.98
    assert list(coefficients) == ["feature", "target", "coefficient"]
    assert len(coefficients) == 2081
    words = coefficients[coefficients["feature"] != "(intercept)"]
    # The strands are one, so TTACCC appears as GGGTAA.
    assert words.loc[words["coefficient"].idxmax(), "feature"] == "GGGTAA"


def test_scores_follow_from_the_coefficients():
    data = dataset()
    scores, coefficients = fit_baseline("gc", data, PARTS, seed=1)
    intercept, gc, square = coefficients["coefficient"]
    assert coefficients["feature"].tolist() == ["(intercept)", "gc", "gc^2"]
    assert coefficients["target"].unique().tolist() == ["bound"]
    x = gc_features(data.tokens, DNA)
    expected = 1 / (1 + np.exp(-(intercept + gc * x[:, 0] + square * x[:, 1])))
    np.testing.assert_allclose(scores[:, 0], expected, rtol=1e-5)


def test_the_penalty_is_the_best_on_validation():
    data = dataset()
    data.targets[np.random.default_rng(1).random(500) < 0.2] = 0
    scores, _ = fit_baseline("kmer", data, PARTS, k=3, seed=1)
    columns, _ = kmer_columns(DNA, 3, canonical=True)
    x, y = kmer_features(data.tokens, DNA, 3, columns), data.targets[:, 0] > 0.5
    losses, found = [], []
    for penalty in baselines.PENALTIES:
        p = LogisticRegression(C=penalty, max_iter=1000).fit(x[:300], y[:300]).predict_proba(x)[:, 1]
        losses.append(-np.log(np.where(y, p, 1 - p)[300:400]).mean())
        found.append(p)
    np.testing.assert_allclose(scores[:, 0], found[int(np.argmin(losses))], rtol=1e-4)


def test_multiclass_scores_are_probabilities():
    rng = np.random.default_rng(2)
    data = dataset("multiclass", ("a", "b", "c"))
    truth = rng.integers(0, 3, 500)
    for label, word in enumerate(("AAAAAA", "CCCCCC", "TATATA")):
        data.tokens[truth == label, 20:26] = DNA.encode(word)
    data.targets = np.eye(3, dtype=np.float32)[truth]
    scores, coefficients = fit_baseline("kmer", data, PARTS, k=4, seed=1)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
    assert (scores[400:].argmax(axis=1) == truth[400:]).mean() > 0.95
    assert coefficients["target"].unique().tolist() == ["a", "b", "c"]


def test_multilabel_fits_every_label_by_itself():
    data = dataset("multilabel", ("a", "b"))
    scores, _ = fit_baseline("kmer", data, PARTS, k=4, seed=1)
    alone = SimpleNamespace(
        **{**vars(data), "targets": data.targets[:, :1], "task": "binary", "classes": ["no", "a"]}
    )
    np.testing.assert_array_equal(scores[:, :1], fit_baseline("kmer", alone, PARTS, k=4, seed=1)[0])
    assert scores.shape == (500, 2)


def test_unknown_targets_are_left_out_of_the_fit():
    data = dataset("multilabel", ("a", "b"))
    data.targets[:100, 0] = np.nan
    scores, _ = fit_baseline("kmer", data, PARTS, k=4, seed=1)
    parts = PARTS.copy()
    parts[:100] = "none"
    fewer = SimpleNamespace(
        **{**vars(data), "targets": data.targets[:, :1], "task": "binary", "classes": ["no", "a"]}
    )
    np.testing.assert_allclose(scores[:, :1], fit_baseline("kmer", fewer, parts, k=4, seed=1)[0], rtol=1e-5)
    assert np.isfinite(scores).all()


def test_regression_is_ridge():
    data = dataset("regression", ("value",))
    data.targets = 3 + 2 * gc_features(data.tokens, DNA)[:, :1].astype(np.float32)
    scores, coefficients = fit_baseline("gc", data, PARTS, seed=1)
    x = gc_features(data.tokens, DNA)
    scaled = (x - x[:300].mean(axis=0)) / x[:300].std(axis=0)
    model = Ridge(alpha=1 / max(baselines.PENALTIES)).fit(scaled[:300], data.targets[:300, 0])
    np.testing.assert_allclose(scores[:, 0], model.predict(scaled), rtol=1e-4)
    assert np.abs(scores - data.targets).max() < 0.02
    assert coefficients["target"].unique().tolist() == ["value"]


def test_one_class_in_training_gives_its_frequency():
    data = dataset()
    data.targets[:] = 0
    scores, coefficients = fit_baseline("kmer", data, PARTS, k=3, seed=1)
    assert np.ptp(scores) == 0 and scores.max() < 1e-6
    assert (coefficients.loc[coefficients["feature"] != "(intercept)", "coefficient"] == 0).all()


def test_a_class_without_training_examples_is_not_predicted():
    data = dataset("multiclass", ("a", "b", "c"))
    data.targets = np.concatenate([data.targets, np.zeros((500, 1), np.float32)], axis=1)
    scores, _ = fit_baseline("kmer", data, PARTS, k=3, seed=1)
    assert scores.shape == (500, 3) and scores[:, 2].max() < 1e-4
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)


def test_without_validation_the_penalty_is_one():
    data = dataset()
    scores, _ = fit_baseline("kmer", data, np.repeat(["train", "test"], [300, 200]), k=3, seed=1)
    columns, _ = kmer_columns(DNA, 3, canonical=True)
    x = kmer_features(data.tokens, DNA, 3, columns)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(x[:300], data.targets[:300, 0])
    np.testing.assert_allclose(scores[:, 0], model.predict_proba(x)[:, 1], rtol=1e-4)


def test_only_training_and_validation_decide():
    data = dataset()
    before, _ = fit_baseline("kmer", data, PARTS, k=3, seed=1)
    data.targets[400:] = 1 - data.targets[400:]
    after, _ = fit_baseline("kmer", data, PARTS, k=3, seed=1)
    np.testing.assert_array_equal(before, after)


def test_too_many_training_examples_are_sampled_by_seed(monkeypatch):
    monkeypatch.setattr(baselines, "MAX_TRAINING", 100)
    data = dataset()
    first, again, other = (fit_baseline("kmer", data, PARTS, k=3, seed=seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_rna_keeps_its_strand():
    data = dataset(alphabet=RNA)
    _, coefficients = fit_baseline("kmer", data, PARTS, k=2, seed=1)
    assert len(coefficients) == 17 and "UU" in set(coefficients["feature"])


def test_letters_by_position_by_hand():
    tokens = np.stack([DNA.encode(text) for text in ("AC", "NT", "NN")])
    np.testing.assert_array_equal(
        letter_features(tokens, DNA).toarray(),
        [[1, 0, 0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 0]],
    )


def additive_values(alphabet, unknown=0.0, n=500, length=6):
    """Sequences, and values that are a constant and a share of each letter at each position."""
    rng = np.random.default_rng(4)
    data = dataset("regression", ("value",), n, 16, alphabet)
    data.tokens = rng.integers(0, alphabet.size, (n, length)).astype(np.uint8)
    data.tokens[rng.random((n, length)) < unknown] = alphabet.size
    shares = rng.normal(size=(length, alphabet.size))
    shares -= shares.mean(axis=1, keepdims=True)
    known = np.append(shares, np.zeros((length, 1)), axis=1)
    data.targets = (7 + known[np.arange(length), data.tokens].sum(axis=1))[:, None]
    return data, shares


@pytest.mark.parametrize("alphabet", [DNA, RNA, PROTEIN])
def test_additive_values_are_recovered(alphabet):
    data, shares = additive_values(alphabet)
    scores, coefficients = fit_baseline("additive", data, PARTS, seed=1)
    np.testing.assert_allclose(scores, data.targets, atol=0.02)
    found = coefficients.set_index("feature")["coefficient"]
    assert abs(found.pop("(intercept)") - 7) < 0.01
    np.testing.assert_allclose(found.to_numpy().reshape(shares.shape), shares, atol=0.01)
    assert found.index[: alphabet.size + 1].tolist() == [f"{a}1" for a in alphabet.letters] + [
        f"{alphabet.letters[0]}2"
    ]
    # Without unknown letters one constant could stand in the place of the intercept at each position.
    np.testing.assert_allclose(found.to_numpy().reshape(shares.shape).sum(axis=1), 0, atol=1e-5)


def test_the_additive_baseline_is_a_ridge_on_letters():
    data, _ = additive_values(DNA, unknown=0.1)
    data.targets += np.random.default_rng(1).normal(size=(500, 1))
    scores, _ = fit_baseline("additive", data, PARTS, seed=1)
    x, y = (data.tokens[:, :, None] == np.arange(4)).reshape(500, -1).astype(float), data.targets[:, 0]
    models = [Ridge(alpha=1 / penalty).fit(x[:300], y[:300]) for penalty in baselines.PENALTIES]
    errors = [((model.predict(x) - y)[300:400] ** 2).mean() for model in models]
    assert np.ptp(errors) > 0
    np.testing.assert_allclose(scores[:, 0], models[int(np.argmin(errors))].predict(x), rtol=1e-4)


def test_the_additive_baseline_of_classes_is_a_logistic_regression_on_letters():
    data = dataset()
    data.tokens[:, 10:16] = np.random.default_rng(1).integers(0, 4, (500, 6))
    data.targets = (np.isin(data.tokens[:, 3:6], [0, 1]).sum(axis=1) > 1).astype(np.float32)[:, None]
    scores, coefficients = fit_baseline("additive", data, np.repeat(["train", "test"], [300, 200]), seed=1)
    x = (data.tokens[:, :, None] == np.arange(4)).reshape(500, -1).astype(float)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(x[:300], data.targets[:300, 0])
    np.testing.assert_allclose(scores[:, 0], model.predict_proba(x)[:, 1], atol=1e-3)
    assert coefficients.loc[coefficients["coefficient"].idxmax(), "feature"] in (
        "A4",
        "C4",
        "A5",
        "C5",
        "A6",
        "C6",
    )
    assert roc_auc_score(data.targets[300:, 0], scores[300:, 0]) > 0.97


@pytest.mark.parametrize("kind", ["gc", "kmer", "additive"])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_an_example_of_weight_two_counts_as_two(kind, task):
    data = dataset(task, ("a",) if task == "regression" else ("a", "b"), length=20)
    if task == "regression":
        data.targets = np.random.default_rng(2).normal(size=(500, 1))
    data.targets[::7] = data.targets[::-1][::7]  # not so easy that the penalty does not matter
    counts = np.random.default_rng(3).integers(0, 3, 500)
    data.weights = counts.astype(np.float32)
    repeated = SimpleNamespace(**vars(data) | {"weights": None})
    repeated.tokens, repeated.targets = (np.repeat(x, counts, axis=0) for x in (data.tokens, data.targets))
    weighted, _ = fit_baseline(kind, data, PARTS, k=2, seed=1)
    expected, _ = fit_baseline(kind, repeated, np.repeat(PARTS, counts), k=2, seed=1, scored=data.tokens)
    np.testing.assert_allclose(weighted, expected, rtol=2e-3, atol=1e-4)
    plain, _ = fit_baseline(kind, SimpleNamespace(**vars(data) | {"weights": None}), PARTS, k=2, seed=1)
    assert np.abs(plain - weighted).max() > 0.01


def test_weights_of_the_validation_part_choose_the_penalty():
    data, _ = additive_values(DNA)
    data.targets += np.random.default_rng(1).normal(size=(500, 1)) * 3
    noise = np.random.default_rng(2).normal(size=(50, 1)) * 3
    data.targets[300:350] = 7  # half of the validation part asks for the strongest penalty
    data.targets[350:400] = 7 + 20 * (data.targets[350:400] - 7) + noise
    found = []
    for halves in ((1, 0), (0, 1)):
        data.weights = np.repeat([1.0, *halves, 1.0], [300, 50, 50, 100])
        _, coefficients = fit_baseline("additive", data, PARTS, seed=1)
        found.append(coefficients["coefficient"][1:].abs().sum())
    assert found[0] < found[1]


def test_other_sequences_are_scored_as_its_own(tmp_path):
    data = dataset()
    own, coefficients = fit_baseline("kmer", data, PARTS, k=3, seed=1)
    other, same = fit_baseline("kmer", data, PARTS, k=3, seed=1, scored=data.tokens[::-1][:70])
    np.testing.assert_array_equal(other, own[::-1][:70])
    assert same.equals(coefficients)
    with pytest.raises(UserError, match="fitted to sequences of 40 letters, not of 39"):
        fit_baseline("kmer", data, PARTS, k=3, seed=1, scored=data.tokens[:, 1:])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "gc", "alphabet": PROTEIN}, "no GC content"),
        ({"kind": "kmer", "alphabet": PROTEIN, "k": 6}, "use 4 or less"),
        ({"kind": "kmer", "k": 41}, "use a smaller k"),
        ({"kind": "svm"}, "not one of gc, kmer, additive"),
        ({"kind": "gc", "parts": np.repeat("test", 500)}, "training part has no examples"),
    ],
)
def test_what_cannot_be_fitted_is_said(arguments, message):
    arguments = {"parts": PARTS, "k": 6, "seed": 1, "alphabet": DNA} | arguments
    data = dataset(alphabet=arguments.pop("alphabet"))
    with pytest.raises(UserError, match=message):
        fit_baseline(dataset=data, **arguments)
