import h5py
import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.models import exact as module
from motifloom.models.exact import ExactMetrics, check_classes, exact_metrics, wants_exact
from motifloom.models.predict import predict
from motifloom.models.spec import build_model
from motifloom.models.training import fit


def reference(targets, scores):
    """Return the means over the targets, by scikit-learn; missing targets left out."""
    pairs = [(t[np.isfinite(t)], s[np.isfinite(t)]) for t, s in zip(targets.T, scores.T, strict=True)]
    return [np.mean([f(t, s) for t, s in pairs]) for f in (roc_auc_score, average_precision_score)]


def labelled(task, rng):
    """Return targets (40, T) of a task."""
    if task == "binary":
        return rng.integers(0, 2, (40, 1)).astype(np.float32)
    if task == "multiclass":
        return np.eye(3, dtype=np.float32)[rng.integers(0, 3, 40)]
    targets = rng.integers(0, 2, (40, 3)).astype(np.float32)
    targets[::7, 1] = np.nan
    return targets


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_they_are_scikit_learns_on_the_validation_part(spec, sizes, task, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 16)
    rng = np.random.default_rng(4)
    targets = labelled(task, rng)
    n = targets.shape[1]
    activation = "softmax" if task == "multiclass" else "sigmoid"
    spec["model"]["layers"][-1]["config"] = {"units": n, "activation": activation}
    model = build_model({"model": spec["model"]}, **sizes | {"task": task, "n_targets": n})
    rows = np.sort(rng.choice(100, 40, replace=False))
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["tokens"] = rng.integers(0, 5, (100, 30), dtype=np.uint8)
        tokens = file["tokens"][:][rows]
        callback = ExactMetrics(file["tokens"], rows, targets, task)
        callback.set_model(model)
        logs = {"val_loss": 1.0, "val_auroc": 0.0}
        callback.on_epoch_end(0, logs)
    expected = reference(targets, np.asarray(model(tokens), np.float64))
    assert [logs["val_auroc"], logs["val_auprc"]] == pytest.approx(expected, rel=1e-6)
    assert logs["val_loss"] == 1.0


def test_targets_that_cannot_be_measured_are_left_out():
    targets = np.array([[0, 1, 1], [1, 1, np.nan], [0, 1, 0], [1, 1, 1]], np.float32)
    scores = np.array([[0.1, 0.5, 0.2], [0.8, 0.5, 0.9], [0.3, 0.5, 0.4], [0.2, 0.5, 0.6]])
    # First: 3 of 4 pairs right. Third, without its missing one: 1 of 2.
    assert exact_metrics(targets, scores)[0] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert np.isnan(exact_metrics(targets[:, 1:2], scores[:, 1:2])).all()
    scores[0, 0] = np.nan
    assert exact_metrics(targets, scores)[0] == pytest.approx(0.5)


def test_a_callback_that_watches_one_switches_them_on(spec, sizes, examples):
    spec["callbacks"] = {"EarlyStopping": [{"monitor": "val_auroc", "patience": 1}]}
    spec["training_params"]["epochs"] = 30
    tokens, parts = examples
    model = build_model(spec, **sizes)
    done = fit(model, spec, tokens, parts, task="binary", alphabet=DNA)
    history = done.history
    assert {"val_auroc", "val_auprc"} <= set(history)
    assert done.monitor == "val_auroc"
    assert done.best_value == history["val_auroc"].max() == history["val_auroc"][done.best_epoch - 1]
    assert len(history) == done.best_epoch + 1 < 30
    scores = predict(model, tokens[120:], task="binary", alphabet=DNA)
    assert roc_auc_score(parts["validation"][1], scores) == pytest.approx(done.best_value)


def test_they_are_measured_where_they_are_asked_for(spec):
    assert not wants_exact(spec, {})
    assert wants_exact(spec, {"exact_metrics": True})
    spec["callbacks"] = {"CSVLogger": None, "ReduceLROnPlateau": {"monitor": "val_AUPRC"}}
    assert wants_exact(spec, {"exact_metrics": False})


def test_what_has_no_classes_or_examples(caplog):
    one, both = np.ones((4, 1), np.float32), np.array([[0, 1], [1, 1], [np.nan, 1]], np.float32)
    path = "experiments.e.training"
    for targets, task, message in [
        (one, "regression", "of classes, and the task is regression; set it to false"),
        (one[:0], "binary", "there are no validation examples"),
        (one, "binary", "the validation part has one class only, so that val_auroc and val_auprc"),
        (both[:, 1:], "multilabel", "the validation part has one class only"),
    ]:
        with pytest.raises(UserError, match=rf"^{path}\.exact_metrics: .*{message}"):
            check_classes(targets, task, True, path)
    assert not caplog.text
    for targets, task in [(one, "regression"), (one[:0], "binary"), (both, "multilabel")]:
        check_classes(targets, task, wanted=False)
    assert not caplog.text
    check_classes(one, "binary", wanted=False)
    assert "the validation part has examples of one class only" in caplog.text
    check_classes(both, "multilabel", wanted=True)
    assert "leave out 1 of 2 targets" in caplog.text


@pytest.mark.parametrize("options", [{"exact_metrics": True}, {}], ids=["asked for", "watched"])
def test_no_training_begins_that_could_not_be_judged(spec, sizes, examples, options):
    tokens, parts = examples
    parts["validation"][1][:] = 1
    if not options:
        spec["callbacks"] = {"EarlyStopping": {"monitor": "val_auprc"}}
    with pytest.raises(UserError, match="the validation part has one class only"):
        fit(build_model(spec, **sizes), spec, tokens, parts, task="binary", alphabet=DNA, options=options)
