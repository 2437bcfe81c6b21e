"""One trial: an ordinary training and its metric."""

import copy

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from motifloom.config.sweeps import Sweep
from motifloom.data.encode import DNA
from motifloom.data.store import Dataset, write_dataset
from motifloom.models.predict import predict_dataset
from motifloom.models.stopping import StopWhen
from motifloom.models.training import train
from motifloom.randomness import derive_seed
from motifloom.sweeps.running import run_trial
from motifloom.sweeps.trials import record

SPEC = {
    "model": {
        "layers": [
            {"class_name": "Conv1D", "config": {"filters": 2, "kernel_size": 7, "activation": "relu"}},
            {"class_name": "GlobalMaxPooling1D", "config": {}},
            {"class_name": "Dense", "config": {"units": "auto", "activation": "auto"}},
        ]
    },
    "compile": {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.05}}},
    "training_params": {"epochs": 3, "batch_size": 16},
}
CONFIG = {
    "datasets": {"d": {"task": "binary", "genome": "g.fa", "sources": [{"intervals": "a.bed", "target": 1}]}},
    "models": {"m": {"spec": SPEC}},
    "experiments": {"e": {"dataset": "d", "model": "m", "seeds": [1], "training": {"threads": 1}}},
}
SPLIT = pd.DataFrame({"part": ["train"] * 60 + ["validation"] * 40 + ["test"] * 20})
RATE = "model.spec.compile.optimizer.config.learning_rate"
FILTERS = "model.spec.model.layers[0].config.filters"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """120 sequences of 30 bp, half of them with a motif."""
    path, rng = tmp_path_factory.mktemp("data") / "d.h5", np.random.default_rng(3)
    tokens = rng.integers(0, 4, (120, 30), dtype=np.uint8)
    targets = np.arange(120) % 2
    tokens[targets == 1, 10:16] = DNA.encode("GATTAC")
    tokens[rng.random((120, 30)) < 0.2] = 2
    frame = pd.DataFrame({"id": [f"s:{i}" for i in range(120)], "chrom": "", "target.bound": targets})
    write_dataset(path, frame, [tokens], alphabet=DNA, task="binary", classes=["no", "bound"], sources={})
    with Dataset(path) as opened:
        yield opened


@pytest.fixture
def attempt(dataset, tmp_path):
    """Return a function that runs a trial with parameters and a sweep's keys."""

    def attempt(parameters, earlier=(), config=CONFIG, data=dataset, start_from=(), **content):
        content = {
            "experiment": "e",
            "trials": 9,
            "parameters": {key: {"values": [1, 2]} for key in parameters},
        } | content
        done = run_trial(
            2,
            parameters,
            name="s",
            sweep=Sweep.model_validate(content),
            config=copy.deepcopy(config),
            dataset=data,
            split=SPLIT,
            start_from=start_from,
            locate=str,
            seed=5,
            earlier=earlier,
            scratch=tmp_path / "scratch",
        )
        assert not (tmp_path / "scratch").exists()
        return done

    return attempt


@pytest.fixture
def two_seeds():
    """A config whose trials are trained for two seeds."""
    config = copy.deepcopy(CONFIG)
    config["experiments"]["e"]["seeds"] = [1, 4]
    return {"config": config, "seeds": 2}


def ordinary(dataset, folder, rate=0.05, seed=1, **options):
    """Train the experiment e-s as the workflow does."""
    spec = copy.deepcopy(SPEC)
    spec["compile"]["optimizer"]["config"]["learning_rate"] = rate
    paths = {"model": "m.keras", "history": "h.tsv", "provenance": "p.json", "filters": "f.npz"}
    paths = {key: folder / path for key, path in paths.items()}
    seed = derive_seed(5, "train", "e-s", seed)
    done = train(spec, dataset, SPLIT["part"], **paths, seed=seed, training={"threads": 1}, **options)
    scores = predict_dataset(paths["model"], dataset)[60:100, 0]
    return done, dataset.targets[60:100, 0], scores


def test_a_trial_is_the_ordinary_training_of_its_parameters(attempt, dataset, tmp_path):
    done, targets, scores = ordinary(dataset, tmp_path, rate=0.02)
    trial = attempt({RATE: 0.02}, metric={"name": "auroc"})
    assert trial["value"] == pytest.approx(roc_auc_score(targets, scores), abs=1e-12)
    assert trial["best_epoch"] == done.best_epoch
    assert {key: trial[key] for key in ("trial", "state", "parameters", "message")} == {
        "trial": 2,
        "state": "complete",
        "parameters": {RATE: 0.02},
        "message": "",
    }
    np.testing.assert_array_equal(trial["epochs"], done.history["val_loss"])


METRICS = {
    "auprc": lambda done, y, p: average_precision_score(y, p),
    "log_loss": lambda done, y, p: log_loss(y, p.astype(float)),
    "val_loss": lambda done, y, p: done.history["val_loss"][done.best_epoch - 1],
    "loss": lambda done, y, p: done.history["loss"][done.best_epoch - 1],
}


@pytest.mark.parametrize("name", METRICS)
def test_metrics_are_of_the_validation_part_or_of_the_history(attempt, dataset, tmp_path, name):
    expected = METRICS[name](*ordinary(dataset, tmp_path))
    assert attempt({"training.epochs": 3}, metric={"name": name})["value"] == pytest.approx(
        expected, abs=1e-6
    )


def test_an_exact_area_is_measured_where_it_is_the_metric(attempt, dataset, tmp_path):
    done, targets, scores = ordinary(dataset, tmp_path)
    trial = attempt({"training.epochs": 3}, metric={"name": "val_auroc"})
    assert trial["value"] == pytest.approx(roc_auc_score(targets, scores), abs=1e-6)
    assert trial["best_epoch"] == done.best_epoch and trial["epochs"] != done.history["val_loss"].tolist()


def test_options_of_training_are_used(attempt):
    assert len(attempt({"training.epochs": 2})["epochs"]) == 2
    assert attempt({"training.batch_size": 60})["value"] != attempt({"training.batch_size": 8})["value"]


def test_the_value_is_the_mean_over_seeds(attempt, dataset, tmp_path, two_seeds):
    values = [ordinary(dataset, tmp_path, seed=seed)[0].best_value for seed in (1, 4)]
    found = attempt({"training.epochs": 3}, **two_seeds)["value"]
    assert values[0] != values[1] and found == pytest.approx(np.mean(values), rel=1e-6)


def test_each_seed_starts_from_its_own_network(attempt, dataset, tmp_path, two_seeds):
    starts, values = [], []
    for seed in (1, 4):
        (tmp_path / f"start{seed}").mkdir()
        ordinary(dataset, tmp_path / f"start{seed}", seed=seed + 1)
        starts.append(tmp_path / f"start{seed}/m.keras")
    for start, seed in zip(starts, (1, 4), strict=True):
        values.append(ordinary(dataset, tmp_path, seed=seed, start_from=start)[0].best_value)
    found = attempt({"training.epochs": 3}, start_from=starts, **two_seeds)["value"]
    assert found == pytest.approx(np.mean(values), rel=1e-6)
    assert found != attempt({"training.epochs": 3}, start_from=starts[:1] * 2, **two_seeds)["value"]


@pytest.fixture(scope="module")
def classes(dataset, tmp_path_factory):
    """The same sequences in three classes."""
    path = tmp_path_factory.mktemp("classes") / "d.h5"
    kinds = np.eye(3)[np.arange(120) % 2 + (np.arange(120) % 7 == 0)]
    frame = pd.DataFrame({"id": dataset.regions["id"], "chrom": ""})
    frame[[f"target.{name}" for name in "abc"]] = kinds
    write_dataset(path, frame, [dataset.tokens[:]], alphabet=DNA, task="multiclass", classes=list("abc"))
    with Dataset(path) as opened:
        yield opened


def test_of_classes_the_metric_of_all_together_counts(attempt, classes, tmp_path):
    """As in the evaluation: the share of right classes, not the mean of each against the others."""
    targets = classes.targets[60:100]
    config = copy.deepcopy(CONFIG)
    config["datasets"]["d"] |= {"task": "multiclass", "classes": list("abc")}
    config["datasets"]["d"]["sources"][0]["target"] = "a"
    ordinary(classes, tmp_path)
    scores = predict_dataset(tmp_path / "m.keras", classes)[60:100]
    expected = (scores.argmax(axis=1) == targets.argmax(axis=1)).mean()
    options = {"config": config, "data": classes}
    found = attempt({"training.epochs": 3}, metric={"name": "accuracy"}, **options)["value"]
    assert 0 < expected < 1 and found == pytest.approx(expected, abs=1e-9)
    found = attempt({"training.epochs": 3}, metric={"name": "auroc"}, **options)["value"]
    each = [roc_auc_score(targets[:, n], scores[:, n]) for n in range(3)]
    assert found == pytest.approx(np.mean(each), abs=1e-9)


FAILURES = {
    "config": ({"training.epochs": -1}, "epochs: -1 should be greater than or equal to 1"),
    "network": ({"model.spec.model.layers[0].config.kernel_size": 99}, "models.m-s.spec"),
    "path": ({"model.spec.model.layers[9].config.units": 1}, "there is no [9]"),
    "divergence": ({RATE: 1e38}, "the loss became NaN or infinite"),
    "column": ({"training.epochs": 1}, "metric val_auc is no column of history.tsv; it has epoch, loss"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_what_cannot_be_trained_has_failed_with_a_reason(attempt, kind):
    parameters, message = FAILURES[kind]
    metric = {"name": "val_auc" if kind == "column" else "auroc"}
    trial = attempt(parameters, metric=metric)
    assert (trial["state"], trial["value"], trial["parameters"]) == ("failed", None, parameters)
    assert message in trial["message"] and "\n" not in trial["message"]


def test_pruning_by_a_column_that_is_not_there_has_failed(attempt):
    trial = attempt({"training.epochs": 2}, metric={"name": "val_auc"}, pruning={})
    assert trial["state"] == "failed" and "metric val_auc is not in the logs" in trial["message"]


def test_a_hopeless_trial_is_given_up(attempt):
    pruning = {"min_epochs": 2, "min_trials": 1}
    options = {"metric": {"name": "auroc"}, "pruning": pruning}
    earlier = [record(0, {}, value=1.0, epochs=[2.0, 2.0, 2.0])]  # more than any AUROC
    trial = attempt({"training.epochs": 8}, earlier, **options)
    assert (trial["state"], trial["value"], len(trial["epochs"])) == ("pruned", None, 2)
    rival = [record(0, {}, value=0.0, epochs=[0.0, 0.0, 0.0])]
    whole = attempt({"training.epochs": 4}, rival, **options)
    assert whole["state"] == "complete" and len(whole["epochs"]) == 4
    assert whole["epochs"][whole["best_epoch"] - 1] == pytest.approx(whole["value"], abs=1e-9)
    losses = {"metric": {"name": "val_loss"}, "pruning": pruning}
    assert attempt({"training.epochs": 8}, rival, **losses)["state"] == "pruned"  # here less is better


def test_both_strands_where_the_evaluation_takes_both(attempt):
    config = copy.deepcopy(CONFIG) | {"evaluation": {"reverse_complement": True}}
    one, both = (
        attempt({"training.epochs": 3}, config=c, metric={"name": "log_loss"}) for c in (CONFIG, config)
    )
    assert one["value"] != both["value"] and one["epochs"] == both["epochs"]


@pytest.fixture
def killed_at(monkeypatch):
    """Return a function that kills a training after so many epochs, once; it returns a list of all epochs."""

    def killed_at(count):
        on_epoch_end, seen = keras.callbacks.EarlyStopping.on_epoch_end, []

        def killed(self, epoch, logs=None):
            seen.append(epoch)
            if len(seen) == count:
                raise KeyboardInterrupt
            on_epoch_end(self, epoch, logs)

        monkeypatch.setattr(keras.callbacks.EarlyStopping, "on_epoch_end", killed)
        return seen

    return killed_at


def test_a_killed_trial_goes_on_where_it_was(attempt, killed_at, tmp_path):
    expected = attempt({"training.epochs": 4})
    seen = killed_at(3)
    with pytest.raises(KeyboardInterrupt):
        attempt({"training.epochs": 4})
    assert (tmp_path / "scratch").exists()
    assert attempt({"training.epochs": 4}) == expected
    assert seen[3] > 0  # not from the first epoch


def test_a_killed_trial_of_several_seeds_goes_on_with_the_seed_it_was_at(attempt, killed_at, two_seeds):
    expected = attempt({"training.epochs": 4}, **two_seeds)
    seen = killed_at(7)
    with pytest.raises(KeyboardInterrupt):
        attempt({"training.epochs": 4}, **two_seeds)
    assert seen == [0, 1, 2, 3, 0, 1, 2]  # in the third epoch of the second seed
    assert attempt({"training.epochs": 4}, **two_seeds) == expected
    assert 0 not in seen[7:] and 3 in seen[7:] and len(seen) < 11


def test_what_a_killed_trial_left_is_not_used_by_another(attempt, killed_at, two_seeds):
    expected = attempt({RATE: 0.01, "training.epochs": 4}, **two_seeds)
    seen = killed_at(7)
    with pytest.raises(KeyboardInterrupt):
        attempt({RATE: 0.02, "training.epochs": 4}, **two_seeds)
    assert attempt({RATE: 0.01, "training.epochs": 4}, **two_seeds) == expected
    assert seen[7:] == [0, 1, 2, 3] * 2


def test_stop_when_ends_a_training_at_once():
    stop = StopWhen("val_loss", lambda values: len(values) == 2)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 1))
    model.fit(x, x, epochs=5, validation_data=(x, x), callbacks=[stop], verbose=0)
    assert stop.stopped and len(stop.values) == 2
