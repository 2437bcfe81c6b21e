"""The loop: what one training does with examples in memory."""

import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.models import training as module
from motifloom.models.augment import Augmentation
from motifloom.models.feed import Feed
from motifloom.models.schedules import Segments, rate_segments
from motifloom.models.spec import build_model
from motifloom.models.training import fit


def trained(spec, sizes, examples, seed=1, **options):
    model = build_model(spec, **sizes, seed=seed)
    tokens, parts = examples
    done = fit(model, spec, tokens, parts, task=sizes["task"], alphabet=DNA, seed=seed, **options)
    return model, done


def flat(model):
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


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
