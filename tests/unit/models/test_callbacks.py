import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.models.callbacks import Averages, make_callbacks
from motifloom.models.exact import exact_metrics, wants_exact
from motifloom.models.spec import build_model, check_spec
from motifloom.models.training import fit


@pytest.fixture
def model(spec, sizes):
    spec["compile"]["metrics"] = ["accuracy", "AUC"]
    return build_model(spec, **sizes)


def test_files_land_in_the_folder(model, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    section = {
        "CSVLogger": {"filename": "training_log.csv"},
        "ModelCheckpoint": {"filepath": "weights/e{epoch}.keras"},
        "TensorBoard": {},
    }
    (csv, checkpoint, board), _ = make_callbacks(section, model, tmp_path / "c", validated=True)
    assert csv.filename == str(tmp_path / "c/training_log.csv")
    assert checkpoint.filepath == str(tmp_path / "c/weights/e{epoch}.keras")
    assert str(board.log_dir) == str(tmp_path / "c/logs")


def test_a_training_resumes_by_itself(model):
    section = {"BackupAndRestore": {"backup_dir": "backup"}}
    with pytest.raises(
        UserError, match=r"^m: callbacks\.BackupAndRestore: remove it; .* goes on where it was"
    ):
        make_callbacks(section, model, None, validated=True, where="m")


def test_a_callback_that_is_left_out_must_exist(model):
    assert make_callbacks({"EarlyStopping": []}, model, None, validated=True)[0] == []
    with pytest.raises(UserError, match=r"^m: callbacks\.EarlyStoping: .*EarlyStopping"):
        make_callbacks({"EarlyStoping": []}, model, None, validated=True, where="m")


def test_a_missing_package_is_told(model, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs the package tensorboard"):
        make_callbacks({"TensorBoard": {}}, model, None, validated=True)


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "", "..\\x", "."])
def test_no_callback_writes_elsewhere(model, tmp_path, name):
    with pytest.raises(UserError, match="leaves the experiment's folder"):
        make_callbacks({"CSVLogger": {"filename": name}}, model, tmp_path, validated=True)


def test_the_best_weights_are_those_of_the_least_validation_loss(model, tmp_path):
    callbacks, best = make_callbacks({}, model, tmp_path, validated=True)
    assert callbacks == []
    assert (best.monitor, best.mode, best.restore_best_weights) == ("val_loss", "min", True)


def test_an_early_stopping_says_what_is_best(model, tmp_path):
    settings = {"monitor": "val_auc", "mode": "max", "min_delta": 0.01, "patience": 2}
    section = {"EarlyStopping": settings, "ReduceLROnPlateau": {}}
    (stopping, plateau), best = make_callbacks(section, model, tmp_path, validated=True)
    assert (stopping.monitor, stopping.patience) == ("val_AUC", 2)
    assert (best.monitor, best.mode, best.min_delta) == ("val_AUC", "max", 0.01)
    assert best.patience > 10**6
    assert plateau.monitor == "val_loss"
    assert settings["monitor"] == "val_auc"


def test_without_validation_the_training_numbers_are_watched(model, tmp_path):
    (stopping,), best = make_callbacks({"EarlyStopping": {}}, model, tmp_path, validated=False)
    assert stopping.monitor == best.monitor == "loss"


def test_a_value_that_is_no_number_is_not_the_best(model, tmp_path):
    section = {"EarlyStopping": {"monitor": "val_auc", "mode": "max"}}
    _, best = make_callbacks(section, model, tmp_path, validated=True)
    best.set_model(model)
    best.on_train_begin()
    for epoch, value in enumerate([np.nan, 0.4, 0.6, np.nan, 0.5]):
        best.on_epoch_end(epoch, {"val_AUC": value})
    assert (best.best, best.best_epoch) == (0.6, 2)


CHECKPOINTS = [
    ("{epoch}-{val_loss:.3f}-{learning_rate}-{val_auroc:.2f}.keras", {}, {}, None),
    ("{epoch}-{val_loss:.3f}.keras", {}, {"validation_freq": [3, 2, 1]}, None),
    ("{epoch}-{loss}-{val_auprc}.keras", {}, {"validation_freq": 2}, None),
    ("{epoch}-{batch}-{loss}.keras", {"save_freq": 3}, {"validation_freq": 2}, None),
    ("{val_loss}.keras", {}, {"validation_freq": 2}, "{val_loss} is not measured in every epoch"),
    ("{val_loss}.keras", {}, {"validation_freq": [1, 3, 4]}, "{val_loss} is not measured in every epoch"),
    ("{val_loss}.keras", {"save_freq": 1}, {}, "{val_loss} is not known yet after a batch"),
    ("{val_auroc}.keras", {"save_freq": 1}, {}, "{val_auroc} is not known yet after a batch"),
    ("{learning_rate}.keras", {"save_freq": 1}, {}, "{learning_rate} is not known yet after a batch"),
    ("{batch}.keras", {}, {}, "{batch} goes with a save_freq of batches; write {epoch}"),
]


@pytest.mark.parametrize(("name", "settings", "params", "expected"), CHECKPOINTS)
def test_the_name_of_a_checkpoint_has_what_is_known_when_it_is_written(
    spec, sizes, examples, tmp_path, name, settings, params, expected
):
    spec["callbacks"] = {"ModelCheckpoint": {"filepath": name, **settings}}
    spec["training_params"] |= params
    if expected:
        with pytest.raises(UserError) as caught:
            check_spec(spec, **sizes, where="m")
        assert str(caught.value).startswith(f"m: callbacks.ModelCheckpoint.filepath: {expected}")
        return
    check_spec(spec, **sizes, where="m")
    assert wants_exact(spec, {}) == ("val_au" in name)
    tokens, parts = examples
    fit(build_model(spec, **sizes), spec, tokens, parts, task="binary", alphabet=DNA, folder=tmp_path / "c")
    assert len(list((tmp_path / "c").iterdir())) >= 3


# --- several of a kind, and what they watch --------------------------------------------------------


def test_a_list_is_several_callbacks(model, tmp_path):
    section = {
        "EarlyStopping": [{"monitor": "val_auc", "mode": "max", "patience": 5}, {"patience": 2}],
        "ReduceLROnPlateau": [{"factor": 0.5}, {"monitor": "loss", "factor": 0.1}],
    }
    (first, second, slow, fast), best = make_callbacks(section, model, tmp_path, validated=True)
    assert [first.monitor, first.patience, second.monitor, second.patience] == ["val_AUC", 5, "val_loss", 2]
    assert [slow.factor, fast.factor, fast.monitor] == [0.5, 0.1, "loss"]
    assert (best.monitor, best.mode) == ("val_AUC", "max")
    with pytest.raises(
        UserError, match=r"callbacks.EarlyStopping\[1\].patienc: EarlyStopping has no setting"
    ):
        make_callbacks({"EarlyStopping": [{}, {"patienc": 2}]}, model, tmp_path, validated=True)
    with pytest.raises(UserError, match=r"callbacks.EarlyStopping\[0\]: must hold the callback's settings"):
        make_callbacks({"EarlyStopping": [3]}, model, tmp_path, validated=True)


def test_each_of_several_can_stop_the_training(spec, sizes, examples):
    spec["training_params"]["epochs"] = 30
    spec["callbacks"]["EarlyStopping"] = [
        {"monitor": "val_loss", "patience": 25},
        {"monitor": "learning_rate", "mode": "max", "patience": 2},
    ]
    tokens, parts = examples
    done = fit(build_model(spec, **sizes), spec, tokens, parts, task="binary", alphabet=DNA)
    assert len(done.history) == 3


def test_exact_metrics_can_be_watched(model, tmp_path):
    section = {"EarlyStopping": {"monitor": "val_AUROC"}}
    (stopping,), best = make_callbacks(section, model, tmp_path, validated=True)
    assert (stopping.monitor, stopping.mode, best.monitor, best.mode) == ("val_auroc", "max") * 2
    with pytest.raises(
        UserError, match="val_AUROC needs validation examples, and there are none; write loss"
    ):
        make_callbacks(section, model, tmp_path, validated=False)
    with pytest.raises(UserError, match="'val_AUROC' is not in the logs"):
        make_callbacks(section, model, tmp_path, validated=True, task="regression")
    with pytest.raises(UserError, match="'val_auprcs' is not in the logs; did you mean 'val_auprc'"):
        make_callbacks({"EarlyStopping": {"monitor": "val_auprcs"}}, model, tmp_path, validated=True)


def test_a_rate_that_follows_a_schedule_is_not_lowered(spec, sizes, tmp_path):
    decay = {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5}
    rate = {"class_name": "ExponentialDecay", "config": decay}
    spec["compile"]["optimizer"]["config"]["learning_rate"] = rate
    with pytest.raises(UserError, match="ReduceLROnPlateau: cannot lower a learning rate that follows"):
        make_callbacks({"ReduceLROnPlateau": {}}, build_model(spec, **sizes), tmp_path, validated=True)


# --- averaged weights ------------------------------------------------------------------------------


class Weights(keras.callbacks.Callback):
    """Note the weights after every step, and what validation saw."""

    def __init__(self):
        super().__init__()
        self.steps, self.validated = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append([w.copy() for w in self.model.get_weights()])

    def on_epoch_end(self, epoch, logs=None):
        self.validated.append([w.copy() for w in self.model.get_weights()])


def averaging(spec, sizes, examples, **settings):
    config = spec["compile"]["optimizer"]["config"]
    config |= {"learning_rate": 0.2, "use_ema": True, "ema_momentum": 0.8, **settings}
    spec["compile"]["steps_per_execution"] = 1
    spec["training_params"]["epochs"] = 4
    tokens, parts = examples
    seen, model = Weights(), build_model(spec, **sizes, seed=2)
    done = fit(model, spec, tokens, parts, task="binary", alphabet=DNA, seed=2, callbacks=[seen])
    return model, done, seen


def averages(steps):
    """Return the moving average after every step; the first step begins it."""
    found = [steps[0]]
    for weights in steps[1:]:
        found.append([0.8 * a + 0.2 * w for a, w in zip(found[-1], weights, strict=True)])
    return found


def assert_close(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_the_averaged_weights_of_the_best_epoch_are_validated_and_kept(spec, sizes, examples):
    model, done, seen = averaging(spec, sizes, examples)
    expected = averages(seen.steps)
    assert len(seen.steps) == 32
    for epoch in range(4):
        assert_close(seen.validated[epoch], expected[8 * epoch + 7])
    last = 8 * done.best_epoch - 1
    assert_close(model.get_weights(), expected[last])
    assert np.abs(model.get_weights()[0] - seen.steps[last][0]).max() > 1e-3
    tokens, parts = examples
    loss, *_ = model.evaluate(tokens[120:], parts["validation"][1], verbose=0)
    assert loss == pytest.approx(done.history["val_loss"][done.best_epoch - 1], rel=1e-5)


def test_exact_metrics_are_those_of_the_averages_in_every_epoch(spec, sizes, examples):
    """Also in the epochs that are not validated."""
    config = spec["compile"]["optimizer"]["config"]
    config |= {"learning_rate": 0.2, "use_ema": True, "ema_momentum": 0.95}
    spec["training_params"] |= {"epochs": 4, "validation_freq": 2}
    spec["callbacks"] = {"EarlyStopping": {"monitor": "val_auroc", "patience": 9}}
    tokens, parts = examples
    seen, model = Weights(), build_model(spec, **sizes, seed=2)
    done = fit(model, spec, tokens, parts, task="binary", alphabet=DNA, seed=2, callbacks=[seen])
    kept = model.get_weights()
    for weights, value in zip(seen.validated, done.history["val_auroc"], strict=True):
        model.set_weights(weights)
        scores = np.asarray(model(tokens[120:]))
        assert exact_metrics(parts["validation"][1], scores)[0] == pytest.approx(value, abs=1e-9)
    assert_close(kept, seen.validated[done.best_epoch - 1])


def test_averaging_leaves_the_trained_weights_alone(spec, sizes, examples):
    _, _, seen = averaging(spec, sizes, examples)
    spec["compile"]["optimizer"]["config"] = {"learning_rate": 0.2}
    tokens, parts = examples
    plain, model = Weights(), build_model(spec, **sizes, seed=2)
    fit(model, spec, tokens, parts, task="binary", alphabet=DNA, seed=2, callbacks=[plain])
    for one, other in zip(seen.steps, plain.steps, strict=True):
        np.testing.assert_array_equal(one[0], other[0])


def test_without_validation_the_averages_are_kept_too(spec, sizes, examples):
    tokens, parts = examples
    rows, targets = parts["validation"]
    parts = {**parts, "validation": (rows[:0], targets[:0])}
    model, done, seen = averaging(spec, sizes, (tokens, parts))
    assert_close(model.get_weights(), averages(seen.steps)[8 * done.best_epoch - 1])


def test_the_averages_overwrite_the_weights_every_so_many_steps(spec, sizes, examples):
    _, _, seen = averaging(spec, sizes, examples, ema_overwrite_frequency=4)
    # Keras overwrites in step 4, 8, ...; what is seen after it is the average of the weights until then.
    average = seen.steps[0][0]
    for weights in seen.steps[1:3]:
        average = 0.8 * average + 0.2 * weights[0]
    assert np.abs(seen.steps[3][0] - average).max() < np.abs(seen.steps[2][0] - average).max()
    spec["compile"]["optimizer"]["config"]["ema_overwrite_frequency"] = None
    _, _, free = averaging(spec, sizes, examples)
    np.testing.assert_array_equal(seen.steps[2][0], free.steps[2][0])
    assert np.abs(seen.steps[3][0] - free.steps[3][0]).max() > 1e-3


def test_averaging_is_the_first_callback_and_keras_own_is_not_needed(spec, sizes, tmp_path):
    spec["compile"]["optimizer"]["config"]["use_ema"] = True
    model = build_model(spec, **sizes)
    callbacks, _ = make_callbacks({"CSVLogger": {"filename": "a.csv"}}, model, tmp_path, validated=True)
    assert [type(c) for c in callbacks] == [Averages, keras.callbacks.CSVLogger]
    with pytest.raises(UserError, match="SwapEMAWeights: remove it; with use_ema the averaged weights are"):
        make_callbacks({"SwapEMAWeights": {}}, model, tmp_path, validated=True)


# --- the log ---------------------------------------------------------------------------------------


def test_the_log_has_the_rate_of_the_last_step(spec, sizes, examples, tmp_path):
    spec["callbacks"] = {"CSVLogger": {"filename": "log.csv"}}
    tokens, parts = examples
    options = {"schedule": {"kind": "exponential", "decay_per_epoch": 0.5}}
    model = build_model(spec, **sizes)
    settings = {"task": "binary", "alphabet": DNA, "options": options, "folder": tmp_path}
    done = fit(model, spec, tokens, parts, **settings)
    expected = 0.05 * 0.5 ** (np.array([7, 15, 23]) / 8)
    np.testing.assert_allclose(done.history["learning_rate"], expected, rtol=1e-5)
    log = np.genfromtxt(tmp_path / "log.csv", delimiter=",", names=True)
    np.testing.assert_allclose(log["learning_rate"], expected, rtol=1e-5)
