import hashlib
import inspect
import json
import re
import zipfile

import keras
import numpy as np
import pandas as pd
import pytest

from motifloom.data.encode import DNA
from motifloom.data.store import Dataset, write_dataset
from motifloom.errors import UserError
from motifloom.models import training as module
from motifloom.models.augment import Augmentation
from motifloom.models.feed import Feed
from motifloom.models.perturb import own_loss
from motifloom.models.predict import load_model, predict, predict_dataset
from motifloom.models.schedules import Segments, rate_segments
from motifloom.models.spec import build_model
from motifloom.models.training import fit, save_model, select_examples, train


def trained(spec, sizes, examples, seed=1, **options):
    model = build_model(spec, **sizes, seed=seed)
    tokens, parts = examples
    done = fit(model, spec, tokens, parts, task=sizes["task"], alphabet=DNA, seed=seed, **options)
    return model, done


def flat(model):
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


@pytest.fixture
def dataset(tmp_path, examples):
    """The examples as a dataset on disk; 10 of the 160 are in no part."""
    tokens, parts = examples
    targets = np.concatenate([parts["train"][1], parts["validation"][1]])
    frame = pd.DataFrame({"id": [f"s:{i}" for i in range(160)], "chrom": "", "target.bound": targets[:, 0]})
    names = ["unbound", "bound"]
    write_dataset(
        tmp_path / "d.h5",
        frame,
        [tokens],
        alphabet=DNA,
        task="binary",
        classes=names,
        sources={"a.bed": "00ff"},
    )
    with Dataset(tmp_path / "d.h5") as opened:
        yield opened


PARTS = np.array(["train"] * 100 + ["validation"] * 40 + ["test"] * 10 + ["unused"] * 10)


def outputs(folder):
    return {
        "model": folder / "model.keras",
        "history": folder / "history.tsv",
        "provenance": folder / "provenance.json",
        "filters": folder / "filters.npz",
    }


# --- the loop --------------------------------------------------------------------------------------


def test_training_learns_and_repeats_itself(spec, sizes, examples):
    spec["model"]["layers"].insert(2, {"class_name": "Dropout", "config": {"rate": 0.2}})
    spec["training_params"]["epochs"] = 8
    first, done = trained(spec, sizes, examples, seed=1)
    again, _ = trained(spec, sizes, examples, seed=1)
    np.testing.assert_array_equal(flat(first), flat(again))
    assert done.history["val_loss"].min() < 0.5
    assert list(done.history["epoch"]) == list(range(1, 9))
    assert list(done.history) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]
    np.testing.assert_allclose(done.history["learning_rate"], 0.05)


def test_the_best_weights_are_kept(spec, sizes, examples):
    # The rate explodes after 3 epochs of 8 steps, so that the last epoch is far from the best.
    rates = {"boundaries": [24], "values": [0.05, 20.0]}
    spec["compile"]["optimizer"]["config"]["learning_rate"] = {
        "class_name": "PiecewiseConstantDecay",
        "config": rates,
    }
    spec["training_params"]["epochs"] = 5
    model, done = trained(spec, sizes, examples)
    assert done.monitor == "val_loss"
    assert done.best_epoch == done.history["val_loss"].idxmin() + 1 <= 3
    assert done.best_value == pytest.approx(done.history["val_loss"].min())
    assert done.history["learning_rate"].iloc[[0, -1]].to_list() == pytest.approx([0.05, 20])
    tokens, parts = examples
    rows, targets = parts["validation"]
    loss = model.evaluate(tokens[rows], targets, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(done.best_value, rel=1e-4)


def test_early_stopping_stops_and_chooses_its_own_best(spec, sizes, examples):
    spec["callbacks"] = {"EarlyStopping": {"monitor": "val_accuracy", "mode": "max", "patience": 1}}
    spec["training_params"]["epochs"] = 50
    _, done = trained(spec, sizes, examples)
    assert done.monitor == "val_accuracy"
    assert done.best_epoch == done.history["val_accuracy"].idxmax() + 1
    assert len(done.history) == done.best_epoch + 1 < 50


class Noted(Feed):
    """Feeds in the order in which they were made, with what they were asked for."""

    made = []

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.made.append((self, options))


@pytest.fixture
def feeds(monkeypatch):
    """Return a function that trains for one epoch and returns (feed, options) of training and validation."""

    def one_epoch(spec, sizes, examples, **options):
        Noted.made.clear()
        options.setdefault("options", {}).setdefault("epochs", 1)
        trained(spec, sizes, examples, **options)
        return Noted.made

    monkeypatch.setattr(module, "Feed", Noted)
    return one_epoch


def test_reverse_complements_are_for_training_only(spec, sizes, examples, feeds):
    options = {"reverse_complement": True, "batch_size": 40}
    (feed, _), (held, _) = feeds(spec, sizes, examples, options=options)
    tokens, parts = examples
    blocks = [np.concatenate(part) for part in zip(*feed.blocks(0), strict=True)]
    expected = np.concatenate([tokens[:120], DNA.reverse_complement(tokens[:120])])
    np.testing.assert_array_equal(np.sort(blocks[0].view("S30"), 0), np.sort(expected.view("S30"), 0))
    assert blocks[1].sum() == 2 * parts["train"][1].sum()
    assert (feed.steps, held.steps) == (6, 1)
    np.testing.assert_array_equal(np.concatenate([x for x, _ in held.blocks(0)]), tokens[120:])


def test_augmentation_is_for_training_only(spec, sizes, examples, feeds):
    section = {"shift": 2, "mutation": 0.1, "reverse_complement": "random"}
    (_, options), (held, _) = feeds(spec, sizes, examples, options={"augmentation": section})
    assert options["augmentation"] == Augmentation("random", 2, 0.1)
    for epoch in (0, 1):
        np.testing.assert_array_equal(np.concatenate([x for x, _ in held.blocks(epoch)]), examples[0][120:])


def test_augmentation_changes_what_is_learnt(spec, sizes, examples):
    plain = flat(trained(spec, sizes, examples)[0])
    for section in ({"shift": 1}, {"mutation": 0.01}, {"reverse_complement": "random"}):
        options = {"augmentation": section}
        changed, again = (flat(trained(spec, sizes, examples, options=options)[0]) for _ in range(2))
        assert (changed != plain).any()
        np.testing.assert_array_equal(changed, again)


def test_tokens_above_the_memory_are_streamed(spec, sizes, examples, feeds):
    for memory, stream in [(None, False), (160 * 30 / 2**20, False), (159 * 30 / 2**20, True), (0, True)]:
        found = feeds(spec, sizes, examples, options={"memory": memory})
        assert [options["stream"] for _, options in found] == [stream, stream]


def test_settings_of_fit_reach_the_batches(spec, sizes, examples, feeds):
    spec["training_params"] |= {
        "steps_per_epoch": 3,
        "validation_steps": 2,
        "validation_batch_size": 8,
        "shuffle": False,
    }
    (feed, _), (held, _) = feeds(spec, sizes, examples)
    assert (feed.steps, feed.batch_size, feed.shuffle) == (3, 16, False)
    assert (held.steps, held.batch_size, held.shuffle) == (2, 8, False)


def test_replicates_that_do_not_shuffle_are_augmented_differently(spec, sizes, examples, feeds):
    spec["training_params"]["shuffle"] = False
    seen = []
    for seed in (1, 2, 1):
        (feed, _), _ = feeds(spec, sizes, examples, seed=seed, options={"augmentation": {"mutation": 0.2}})
        tokens, targets = map(np.concatenate, zip(*feed.blocks(0), strict=True))
        np.testing.assert_array_equal(targets, examples[1]["train"][1])
        seen.append(tokens)
    assert (seen[0] != seen[1]).any()
    np.testing.assert_array_equal(seen[0], seen[2])


def test_what_chooses_the_best_epoch_must_be_a_number(spec, sizes, examples):
    examples[1]["validation"][1][:] = np.nan
    with pytest.raises(
        UserError, match="spec: val_loss, which chooses the best weights, was a number in no e"
    ):
        trained(spec, sizes, examples)


def test_a_shift_as_long_as_the_sequences_is_refused(spec, sizes, examples):
    options = {"augmentation": {"shift": 30}}
    with pytest.raises(
        UserError, match=r"^e\.augmentation\.shift: 30 is not below the length of the windows, 30"
    ):
        trained(spec, sizes, examples, options=options, path="e")


def test_an_epoch_that_is_never_measured_is_no_best_one(spec, sizes, examples):
    spec["training_params"]["validation_freq"] = 4
    with pytest.raises(UserError, match="validation_freq: 4 is no epoch of 3, so that val_loss is never"):
        trained(spec, sizes, examples)
    tokens, parts = examples
    parts = {**parts, "validation": tuple(part[:0] for part in parts["validation"])}
    assert trained(spec, sizes, (tokens, parts))[1].monitor == "loss"


def test_weights_of_examples_and_classes_are_multiplied(spec, sizes, examples, feeds):
    weights = np.linspace(0.5, 2, 160).astype(np.float32)
    spec["training_params"]["class_weight"] = {"0": 1, "1": 3}
    (_, options), (held, _) = feeds(spec, sizes, examples, weights=weights)
    classes = examples[1]["train"][1][:, 0]
    np.testing.assert_allclose(options["weights"], weights[:120] * np.where(classes, 3, 1), rtol=1e-6)
    np.testing.assert_array_equal(held.weights, weights[120:])  # the loss on validation is not of classes
    (_, options), (held, _) = feeds(spec, sizes, examples)
    np.testing.assert_allclose(options["weights"], np.where(classes, 3, 1))
    assert held.weights is None
    spec["training_params"].pop("class_weight")
    tokens, parts = examples
    rows, targets = parts["train"]
    spec["training_params"]["class_weight"] = "balanced"
    parts = {**parts, "train": (rows[:90], targets[:90].copy())}
    parts["train"][1][:45] = 1
    (_, options), _ = feeds(spec, sizes, (tokens, parts))
    n = parts["train"][1].sum()
    expected = np.where(parts["train"][1][:, 0], 45 / n, 45 / (90 - n))
    np.testing.assert_allclose(options["weights"], expected, rtol=1e-6)


def test_weights_weigh_the_loss(spec, sizes, examples):
    tokens, parts = examples
    weights = np.zeros(160, np.float32)
    weights[0] = weights[120] = 1.0
    spec["training_params"]["epochs"] = 30
    model, done = trained(spec, sizes, examples, weights=weights)
    plain = model.evaluate(tokens[[0]], parts["train"][1][[0]], verbose=0, return_dict=True)["loss"]
    assert plain < 0.05  # of what it was to learn, the one example with a weight
    held = model.evaluate(tokens[[120]], parts["validation"][1][[0]], verbose=0, return_dict=True)["loss"]
    assert done.history["val_loss"].min() == pytest.approx(held / 40, rel=1e-3)


def test_schedules_follow_the_steps_of_the_feed(spec, sizes, examples):
    options = {"schedule": {"kind": "cosine"}, "warmup_epochs": 1, "reverse_complement": True, "epochs": 3}
    _, done = trained(spec, sizes, examples, options=options)
    ends = Segments(rate_segments(options["schedule"], 0.05, 1, 15, 3)).values(45)
    np.testing.assert_allclose(done.history["learning_rate"], ends[[14, 29, 44]], rtol=1e-5)


def test_exact_metrics_are_in_the_history_and_can_choose_the_best(spec, sizes, examples):
    spec["callbacks"] = {"EarlyStopping": {"monitor": "val_loss", "patience": 9}}
    _, done = trained(spec, sizes, examples, options={"exact_metrics": True})
    assert list(done.history)[-4:] == ["val_accuracy", "val_auroc", "val_auprc", "learning_rate"]
    assert done.history["val_auroc"].between(0, 1).all()


def test_more_callbacks_can_stop_a_training(spec, sizes, examples):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    _, done = trained(spec, sizes, examples, callbacks=[Stop()])
    assert len(done.history) == 2


def test_streaming_learns_as_well(spec, sizes, examples):
    spec["training_params"] |= {"epochs": 6, "class_weight": {"0": 1, "1": 2}}
    _, done = trained(spec, sizes, examples, options={"reverse_complement": True, "memory": 0})
    assert done.history["val_loss"].iloc[-1] < done.history["val_loss"].iloc[0]


@pytest.mark.parametrize("n", [0, 1])
def test_few_validation_examples(spec, sizes, examples, n):
    tokens, parts = examples
    rows, targets = parts["validation"]
    parts = {**parts, "validation": (rows[:n], targets[:n])}
    spec["callbacks"] = {"EarlyStopping": {"monitor": "val_loss"}, "ReduceLROnPlateau": {}}
    _, done = trained(spec, sizes, (tokens, parts))
    assert done.monitor == ("val_loss" if n else "loss")
    assert ("val_loss" in done.history) == bool(n)


def test_a_diverging_loss_is_told_with_advice(spec, sizes, examples):
    spec["model"]["layers"][2]["config"]["activation"] = "linear"
    spec["compile"] = {"optimizer": {"class_name": "SGD", "config": {"learning_rate": 1e30}}, "loss": "mse"}
    with pytest.raises(UserError) as caught:
        trained(spec, sizes | {"task": "regression"}, examples)
    assert (
        "the loss became NaN or infinite in epoch 1; lower compile.optimizer.config.learning_rate (now 1e+30)"
        in str(caught.value)
    )


RATES = [
    (
        {},
        "lower compile.optimizer.config.learning_rate (now 1e+30), or add clipnorm: 1.0 to the",
    ),
    ({"learning_rate": 1e30}, "lower experiments.e.training.learning_rate (now 1e+30), or add clipnorm"),
    (
        {"optimizer": {"class_name": "SGD"}},
        "lower experiments.e.training.optimizer.config.learning_rate (now 1e+30",
    ),
    ({"schedule": {"kind": "cyclic", "lr_max": 1e30}}, "lower experiments.e.training.schedule.lr_max (now "),
]


@pytest.mark.parametrize(("options", "expected"), RATES)
def test_the_rate_to_lower_is_named_where_it_stands(spec, sizes, examples, options, expected):
    spec["model"]["layers"][2]["config"]["activation"] = "linear"
    spec["compile"] = {"optimizer": {"class_name": "SGD", "config": {"learning_rate": 1e30}}, "loss": "mse"}
    with pytest.raises(UserError) as caught:
        trained(
            spec, sizes | {"task": "regression"}, examples, options=options, path="experiments.e.training"
        )
    assert f"in epoch 1; {expected}" in str(caught.value)


def test_clipping_is_not_advised_where_it_is(spec, sizes, examples):
    spec["model"]["layers"][2]["config"]["activation"] = "linear"
    settings = {"learning_rate": 1e30, "clipvalue": 1e9}
    spec["compile"] = {"optimizer": {"class_name": "SGD", "config": settings}, "loss": "mse"}
    with pytest.raises(UserError) as caught:
        trained(spec, sizes | {"task": "regression"}, examples)
    assert str(caught.value).endswith("compile.optimizer.config.learning_rate (now 1e+30)")


@pytest.mark.parametrize("what", ["targets", "weights of examples"])
def test_huge_numbers_in_the_data_are_told_instead_of_the_rate(spec, sizes, examples, what):
    spec["model"]["layers"][2]["config"]["activation"] = "linear"
    spec["compile"] = {"optimizer": "adam", "loss": "mse"}
    tokens, parts = examples
    weights = None
    if what == "targets":
        parts = {part: (rows, targets * np.float32(3e20)) for part, (rows, targets) in parts.items()}
    else:
        weights = np.full(len(tokens), 3e38, np.float32)
        weights[:80] = 1
    with pytest.raises(UserError) as caught:
        trained(spec, sizes | {"task": "regression"}, (tokens, parts), weights=weights)
    largest = "3e+20" if what == "targets" else "3e+38"
    assert str(caught.value).endswith(
        f"in epoch 1; {what} are as large as {largest}: rescale them in the data, to about 1"
    )


def test_callbacks_that_cannot_work_and_metrics_per_class(spec, sizes, examples):
    spec["compile"]["metrics"] = ["F1Score"]
    _, done = trained(spec, sizes, examples, options={"epochs": 1})
    assert 0 <= done.history["F1Score"][0] <= 1
    swaps = keras.callbacks.SwapEMAWeights()  # one of a spec is refused before
    with pytest.raises(UserError, match="spec: training: SwapEMAWeights must be used when `use_ema=True`"):
        trained(spec, sizes, examples, callbacks=[swaps])


def test_a_layer_that_fails_in_the_training_step_is_named(spec, sizes, examples):
    # It is for pictures: on the positions and filters of a convolution it works outside a graph alone.
    spec["model"]["layers"].insert(1, {"class_name": "RandomCrop", "config": {"height": 20, "width": 4}})
    with pytest.raises(
        UserError, match=r"^spec: model: RandomCrop cannot be part of a training step with the"
    ):
        trained(spec, sizes, examples)


@pytest.mark.parametrize("block", [False, True])
def test_gradients_that_are_never_used_are_told(spec, sizes, examples, block):
    def accumulated(every):
        entry = {"class_name": "SGD", "config": {"gradient_accumulation_steps": every, "learning_rate": 0.5}}
        spec["compile"]["optimizer"] = entry
        model = build_model(spec, **sizes, seed=1)
        before, (tokens, parts) = flat(model), examples
        options = {"optimizer": entry} if block else {}
        fit(model, spec, tokens, parts, task="binary", alphabet=DNA, seed=1, options=options, path="e")
        return (flat(model) != before).any()

    assert accumulated(24)  # 3 epochs of 8 steps
    place = r"e\.optimizer" if block else r"spec: compile\.optimizer"
    with pytest.raises(
        UserError, match=rf"^{place}\.config\.gradient_accumulation_steps: 25 is more than the 24 steps of"
    ):
        accumulated(25)


def test_callbacks_write_into_an_emptied_folder(spec, sizes, examples, tmp_path):
    folder = tmp_path / "callbacks"
    folder.mkdir()
    (folder / "old.txt").write_text("of an earlier run")
    spec["callbacks"] = {"CSVLogger": {"filename": "logs/a.csv"}}
    trained(spec, sizes, examples, folder=folder)
    assert [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.*"))] == ["logs/a.csv"]
    assert len((folder / "logs/a.csv").read_text().splitlines()) == 4


def test_multiclass_with_a_sparse_loss_and_class_weights(spec, sizes):
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 4, (90, 30), dtype=np.uint8)
    classes = np.arange(90) % 3
    tokens[:, 10:15] = classes[:, None]
    targets = np.eye(3, dtype=np.float32)[classes]
    rows = np.arange(90)
    spec["model"]["layers"][0]["config"]["filters"] = 16
    spec["model"]["layers"][-1]["config"] = {"units": 3, "activation": "softmax"}
    spec["compile"] |= {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy", "AUC"]}
    spec["training_params"] = {"epochs": 15, "batch_size": 16, "class_weight": {"0": 1, "2": 3}}
    parts = {"train": (rows[:60], targets[:60]), "validation": (rows[60:], targets[60:])}
    _, done = trained(spec, sizes | {"task": "multiclass", "n_targets": 3}, (tokens, parts))
    assert done.history["val_accuracy"].max() > 0.9


# --- examples and files ----------------------------------------------------------------------------


def test_a_saved_network_does_not_tell_when_and_where_in_memory_it_was(spec, sizes, tmp_path):
    save_model(build_model(spec, **sizes), tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        numbers = re.findall(rb'"shared_object_id": (\d+)', archive.read("config.json"))
        assert {member.date_time[0] for member in archive.infolist()} == {1980}
    assert numbers
    assert max(map(int, numbers)) < 10
    assert load_model(tmp_path / "m.keras").count_params() == build_model(spec, **sizes).count_params()


# For every loss of Keras that has settings, others than its own.
LOSSES = {
    "BinaryCrossentropy": {"label_smoothing": 0.3},
    "BinaryFocalCrossentropy": {"gamma": 0.5},
    "CategoricalCrossentropy": {"label_smoothing": 0.3},
    "CategoricalFocalCrossentropy": {"alpha": 0.5, "gamma": 0.5},
    "CategoricalGeneralizedCrossEntropy": {"q": 0.9},
    "Circle": {"gamma": 3.0, "margin": 0.1},
    "CosineSimilarity": {"axis": 0},
    "Dice": {"axis": 0},
    "Huber": {"delta": 0.25},
    "SparseCategoricalCrossentropy": {"ignore_class": 1, "axis": 1},
    "Tversky": {"alpha": 0.9, "axis": 0},
}


@pytest.mark.parametrize(("name", "settings"), LOSSES.items(), ids=LOSSES)
def test_a_saved_network_has_the_loss_that_it_was_trained_with(tmp_path, name, settings):
    cls = getattr(keras.losses, name)
    start = keras.Input((3,))
    model = keras.Model(start, keras.layers.Dense(3)(start))
    model.compile(loss=cls(**settings))
    save_model(model, tmp_path / "m.keras")
    outputs = np.array([[0.2, 0.7, 0.1], [0.1, 0.3, 0.6], [0.5, 0.4, 0.1]], np.float32)
    labels = [1, 0, 0] if name in ("Circle", "SparseCategoricalCrossentropy") else np.eye(3)[[1, 0, 0]]
    loaded, same, plain = (
        float(loss(np.array(labels), outputs))
        for loss in (load_model(tmp_path / "m.keras").loss, model.loss, cls())
    )
    assert loaded == same != plain


def test_no_loss_with_settings_is_left_out_of_the_test():
    plain = {"self", "reduction", "name", "dtype", "kwargs", "fn"}
    kinds = [cls for cls in vars(keras.losses).values() if isinstance(cls, type) and cls is not keras.Loss]
    named = {cls.__name__ for cls in kinds if inspect.signature(cls.__init__).parameters.keys() - plain}
    assert named == set(LOSSES)


def test_what_filters_are_worth_is_measured_by_the_loss_of_the_spec(spec, sizes, tmp_path):
    spec["model"]["layers"][2]["config"]["activation"] = "linear"
    spec["compile"]["loss"] = {"class_name": "Huber", "config": {"delta": 0.25}}
    spec["compile"]["metrics"] = []
    save_model(build_model(spec, **sizes | {"task": "regression"}), tmp_path / "m.keras")
    loss = own_loss(load_model(tmp_path / "m.keras"), "regression")
    found = loss(keras.ops.convert_to_tensor([[0.0], [0.0]]), keras.ops.convert_to_tensor([[0.2], [3.0]]))
    np.testing.assert_allclose(found, [0.2**2 / 2, 0.25 * (3 - 0.125)], rtol=1e-6)


def test_shuffled_labels_stay_in_their_part(dataset):
    plain, shuffled = select_examples(dataset, PARTS), select_examples(dataset, PARTS, 7)
    for part, rows in {"train": np.arange(100), "validation": np.arange(100, 140)}.items():
        np.testing.assert_array_equal(plain[part][0], rows)
        np.testing.assert_array_equal(plain[part][1], dataset.targets[rows])
        assert (shuffled[part][1] != plain[part][1]).any()
        assert shuffled[part][1].sum() == plain[part][1].sum()
    np.testing.assert_array_equal(shuffled["train"][1], select_examples(dataset, PARTS, 7)["train"][1])


def test_no_training_examples(dataset):
    with pytest.raises(UserError, match="no example is in the part train"):
        select_examples(dataset, np.full(160, "test"))


@pytest.fixture
def weighted(tmp_path):
    """Return a function that makes a dataset of 12 examples, each class in turn, with the weights given."""
    opened = []

    def weighted(weights, task="multiclass", classes=("a", "b", "c")):
        every = np.arange(12) % len(classes)
        frame = pd.DataFrame({"id": [f"s:{i}" for i in range(12)], "chrom": "", "weight": weights})
        for number, name in enumerate(classes[1:] if task == "binary" else classes):
            frame[f"target.{name}"] = (every == number + (task == "binary")).astype(float)
        tokens = np.zeros((12, 5), np.uint8)
        path = tmp_path / f"{len(opened)}.h5"
        write_dataset(path, frame, [tokens], alphabet=DNA, task=task, classes=list(classes))
        opened.append(Dataset(path))
        return opened[-1]

    yield weighted
    for dataset in opened:
        dataset.close()


def test_what_weighs_nothing_is_told(weighted, caplog):
    number = np.arange(12)
    parts = np.array(["train"] * 6 + ["validation"] * 4 + ["test"] * 2)
    advice = r"weighs 0; give some of them more in datasets\.<name>\.sources\[\]\.weight$"

    def refused(weights, what, **options):
        with pytest.raises(UserError, match=rf"^weight: every example of {what} {advice}"):
            select_examples(weighted(weights * 1.0, **options), parts)

    refused(number >= 6, "the part train")
    refused(number < 6, "the part validation")
    refused(number % 3 != 1, "b in the part train")
    two = {"task": "binary", "classes": ("out", "in")}
    refused(number % 2 == 0, "in in the part train", **two)
    refused(number % 2 == 1, "out in the part train", **two)
    # One example of each that counts is enough, and those of the test part need not.
    for options in ({}, two):
        enough = np.where((number < 3) | (number == 6), 0.5, 0)
        assert len(select_examples(weighted(enough, **options), parts)["train"][0]) == 6
    # Of several labels, the others are learnt.
    select_examples(weighted((number % 3 != 1) * 1.0, task="multilabel"), parts)
    assert "weight: every example of b in the part train weighs 0" in caplog.text


def test_train_writes_the_same_bytes_again(spec, dataset, tmp_path):
    settings = {
        "reverse_complement": True,
        "epochs": 2,
        "batch_size": None,
        "threads": 2,
        "shuffle_labels": False,
    }
    spec["callbacks"] = {"CSVLogger": {"filename": "log.csv"}}
    for folder in (tmp_path / "a", tmp_path / "b"):
        train(spec, dataset, PARTS, **outputs(folder), seed=5, training=settings, notes={"experiment": "x"})
        assert (folder / "callbacks/log.csv").exists()
    for name in ("model.keras", "history.tsv", "filters.npz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    facts, again = (json.loads((tmp_path / name / "provenance.json").read_text()) for name in "ab")
    assert set(facts.pop("run")) == set(again.pop("run")) == {"began", "seconds"}
    assert facts == again
    assert facts["sources"] == {"a.bed": "00ff"}
    assert facts["spec"] == spec
    assert (facts["in_effect"]["learning_rate"], facts["in_effect"]["epochs"]) == (0.05, 2)
    assert facts["examples"] == {"train": 100, "validation": 40}
    assert (facts["seed"], facts["epochs"], facts["training"], facts["experiment"]) == (5, 2, settings, "x")
    assert set(facts["versions"]) == {"python", "motifloom", "keras", "tensorflow", "numpy"}
    history = pd.read_csv(tmp_path / "a/history.tsv", sep="\t")
    assert facts["best"]["epoch"] == history["val_loss"].idxmin() + 1

    scores = predict_dataset(tmp_path / "a/model.keras", dataset, batch=64)
    assert (scores.shape, scores.dtype) == ((160, 1), np.float32)


def test_the_file_of_ones_own_builder_can_be_told_by_its_checksum(dataset, tmp_path):
    text = "import keras\ndef build(inputs, filters):\n    return keras.layers.GlobalMaxPooling1D()(\n"
    text += "        keras.layers.Conv1D(filters, 5)(inputs))\n"
    file = tmp_path / "mine.py"
    file.write_text(text)
    spec = {"model": {"builder": str(file), "filters": 2}, "training_params": {"epochs": 1}}
    train(spec, dataset, PARTS, **outputs(tmp_path / "run"))
    facts = json.loads((tmp_path / "run/provenance.json").read_text())
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert facts["builder"] == {"file": str(file), "sha256": digest}
    # What nobody has said, but the number of epochs.
    assert facts["in_effect"] == {
        "optimizer": "Adam",
        "learning_rate": 0.001,
        "loss": "binary_crossentropy",
        "batch_size": 64,
        "epochs": 1,
    }


# --- predictions -----------------------------------------------------------------------------------


def test_predictions_do_not_depend_on_the_batch(spec, sizes, examples):
    model, tokens = build_model(spec, **sizes), examples[0]
    whole = np.asarray(model(tokens))
    for batch in (7, 160, 512):
        scores = predict(model, tokens, task="binary", alphabet=DNA, batch=batch)
        np.testing.assert_allclose(scores, whole, rtol=1e-5)


def test_both_strands_are_averaged(spec, sizes, examples):
    model, tokens = build_model(spec, **sizes), examples[0]
    both = predict(model, tokens, task="binary", alphabet=DNA, reverse_complement=True)
    turned = DNA.reverse_complement(tokens)
    expected = (np.asarray(model(tokens)) + np.asarray(model(turned))) / 2
    np.testing.assert_allclose(both, expected, rtol=1e-5)
    again = predict(model, turned, task="binary", alphabet=DNA, reverse_complement=True)
    np.testing.assert_allclose(both, again, rtol=1e-5)


@pytest.mark.parametrize(
    ("task", "loss"), [("binary", "BinaryCrossentropy"), ("multiclass", "CategoricalCrossentropy")]
)
def test_logits_become_probabilities(spec, sizes, examples, tmp_path, task, loss):
    n_targets = 1 if task == "binary" else 3
    spec["model"]["layers"][-1]["config"] = {"units": n_targets}
    spec["compile"]["loss"] = {"class_name": loss, "config": {"from_logits": True}}
    model = build_model(spec, **(sizes | {"task": task, "n_targets": n_targets}))
    save_model(model, tmp_path / "m.keras")
    logits = np.asarray(model(examples[0]), np.float64)
    scores = predict(load_model(tmp_path / "m.keras"), examples[0], task=task, alphabet=DNA)
    if task == "binary":
        expected = 1 / (1 + np.exp(-logits))
    else:
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scores, expected, rtol=1e-4)


def test_sequences_of_another_length_are_refused(spec, sizes):
    with pytest.raises(UserError, match="takes sequences of 30 letters, not of 29"):
        predict(build_model(spec, **sizes), np.zeros((2, 29), np.uint8), task="binary", alphabet=DNA)


def test_files_that_are_no_model(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        load_model(tmp_path / "none.keras")
    (tmp_path / "bad.keras").write_bytes(b"no zip")
    with pytest.raises(UserError, match="not a model that can be loaded"):
        load_model(tmp_path / "bad.keras")


def test_a_file_with_code_is_not_loaded(tmp_path):
    start = keras.Input((3,))
    keras.Model(start, keras.layers.Lambda(lambda x: x * 2)(start)).save(tmp_path / "m.keras")
    with pytest.raises(UserError, match="not a model that can be loaded"):
        load_model(tmp_path / "m.keras")
