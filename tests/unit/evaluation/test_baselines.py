from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score

from motifloom.data.encode import DNA, PROTEIN, RNA
from motifloom.errors import UserError
from motifloom.evaluation import baselines
from motifloom.evaluation.baselines import fit_baseline, gc_features, kmer_columns, kmer_features

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
        tokens=tokens, targets=targets.astype(np.float32), alphabet=alphabet, task=task, classes=list(classes)
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "gc", "alphabet": PROTEIN}, "no GC content"),
        ({"kind": "kmer", "alphabet": PROTEIN, "k": 6}, "use 4 or less"),
        ({"kind": "kmer", "k": 41}, "use a smaller k"),
        ({"kind": "svm"}, "not one of gc, kmer"),
        ({"kind": "gc", "parts": np.repeat("test", 500)}, "training part has no examples"),
    ],
)
def test_what_cannot_be_fitted_is_said(arguments, message):
    arguments = {"parts": PARTS, "k": 6, "seed": 1, "alphabet": DNA} | arguments
    data = dataset(alphabet=arguments.pop("alphabet"))
    with pytest.raises(UserError, match=message):
        fit_baseline(dataset=data, **arguments)
