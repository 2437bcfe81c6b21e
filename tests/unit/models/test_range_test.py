import numpy as np
import pandas as pd
import pytest

from motifloom.data.store import Dataset, write_dataset
from motifloom.errors import UserError
from motifloom.models.range_test import range_test, smooth, suggest_rates, with_rates

PARTS = np.array(["train"] * 120 + ["validation"] * 40)


def curve(rates, losses):
    return pd.DataFrame({"learning_rate": rates, "loss": losses, "smoothed_loss": losses})


# --- the suggestion --------------------------------------------------------------------------------


def test_means_over_both_sides():
    assert smooth(np.array([1.0, 2.0, 4.0]), 0).tolist() == [1, 2, 4]
    expected = [(1 + 1 + 1) / 1.75, (0.5 + 2 + 2) / 2, (0.25 + 1 + 4) / 1.75]
    np.testing.assert_allclose(smooth(np.array([1.0, 2.0, 4.0]), 0.5), expected)
    hill = np.exp(-((np.arange(101) - 50.0) ** 2) / 200)
    assert smooth(hill, 0.9).argmax() == 50


def test_the_rule():
    rates = np.geomspace(1e-6, 10, 71)
    losses = np.where(rates < 1e-3, 1.0, 1.0 - 0.2 * np.log10(rates / 1e-3))
    losses = np.where(rates > 0.1, 0.6 + np.log10(rates / 0.1), losses)
    found = suggest_rates(curve(rates, losses))
    assert found["learning_rate_at_lowest_loss"] == pytest.approx(0.1)
    assert found["learning_rate_max"] == pytest.approx(0.01)
    assert found["learning_rate_init"] == pytest.approx(0.0005)
    assert found["learning_rate_at_rise"] == found["learning_rate_at_lowest_loss"]
    assert (found["first_loss"], found["lowest_loss"], found["steps"]) == pytest.approx((1, 0.6, 71))
    assert found["fell"] is True


def test_of_a_flat_valley_the_far_end_counts():
    losses = [1.0, 1.0, 1.0, 0.8, 0.601, 0.6, 0.61, 0.615, 0.619, 0.63, 0.6]
    found = suggest_rates(curve(np.geomspace(1e-9, 10, 11), np.array(losses)))
    assert found["learning_rate_at_lowest_loss"] == pytest.approx(1e-4)
    assert found["learning_rate_at_rise"] == pytest.approx(0.1)  # 0.62 is a twentieth of the fall above
    assert found["learning_rate_max"] == pytest.approx(0.01)
    open_end = suggest_rates(curve(np.geomspace(1e-9, 1, 10), np.linspace(1, 0.5, 10)))
    assert open_end["learning_rate_at_rise"] == pytest.approx(1)


def test_a_loss_that_falls_in_the_first_steps_only_suggests_nothing():
    losses = np.concatenate([[1.0, 0.95, 0.9], np.linspace(1, 2, 17)])
    found = suggest_rates(curve(np.geomspace(1e-6, 1, 20), losses))
    assert found["learning_rate_max"] < 1e-6 and found["fell"] is False


def test_a_loss_that_does_not_fall_suggests_nothing():
    flat = suggest_rates(curve(np.geomspace(1e-3, 1, 20), np.linspace(1, 2, 20)))
    assert flat["fell"] is False
    options = {"schedule": {"kind": "cyclic", "from_range_test": True}}
    with pytest.raises(UserError, match="from_range_test: the loss fell at no rate of the range test; look"):
        with_rates(options, flat)
    with pytest.raises(UserError, match="ended, after 3 steps; lower min, or raise epochs"):
        suggest_rates(curve([1, 2, 3], [1, 1, 1]))


def test_a_schedule_takes_the_rates():
    options = {"epochs": 3, "schedule": {"kind": "cyclic", "from_range_test": True, "lr_max": None}}
    found = with_rates(options, {"learning_rate_max": 0.2, "learning_rate_init": 0.01, "fell": True})
    assert found["schedule"] == {"kind": "cyclic", "from_range_test": True, "lr_max": 0.2, "lr_init": 0.01}
    assert found["epochs"] == 3
    assert options["schedule"]["lr_max"] is None


# --- the test --------------------------------------------------------------------------------------


def test_rates_rise_and_the_loss_falls(spec, dataset):
    spec["compile"]["optimizer"]["class_name"] = "SGD"
    spec["callbacks"] = {"EarlyStopping": {"patience": 0}}
    training = {"range_test": {"min": 1e-4, "max": 3.0, "epochs": 8}, "schedule": {"kind": "cosine"}}
    table, found = range_test(spec, dataset, PARTS, seed=3, training=training)
    assert list(table) == ["step", "learning_rate", "loss", "smoothed_loss"]
    assert table["step"].tolist() == list(range(1, 65))  # 8 epochs of 8 batches
    np.testing.assert_allclose(table["learning_rate"], np.geomspace(1e-4, 3.0, 64))
    assert table["loss"].nunique() > 60  # of each batch, not a mean that creeps
    assert found["fell"]
    assert not found["diverged"]
    assert 0.01 < found["learning_rate_max"] < 1
    again, same = range_test(spec, dataset, PARTS, seed=3, training=training)
    pd.testing.assert_frame_equal(table, again)
    assert found == same


def test_the_log_tells_the_suggestion_and_nothing_of_epochs(spec, dataset, caplog):
    """Their losses are of single steps, and no weights are kept."""
    with caplog.at_level("INFO", logger="motifloom"):
        range_test(spec, dataset, PARTS, training={"range_test": {"max": 1e-3, "epochs": 2}})
    text = caplog.text
    assert "16 steps to the end of the range; suggested: lr_max" in text
    assert "best weights" not in text and "epoch 1/2" not in text


def test_it_ends_where_the_loss_diverges(spec, dataset):
    spec["model"]["layers"][2]["config"]["activation"] = "linear"
    spec["compile"] = {"optimizer": "SGD", "loss": "mse"}
    spec["compile"]["loss"] = {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}
    table, found = range_test(spec, dataset, PARTS, training={"range_test": {"max": 1e12}})
    assert found["diverged"]
    assert len(table) < 104
    assert np.isfinite(table["loss"]).all()
    assert found["learning_rate_max"] < table["learning_rate"].iloc[-1]


def test_targets_too_large_for_any_rate(spec, examples, tmp_path):
    spec["model"]["layers"][2]["config"]["activation"] = "linear"
    spec["compile"] = {"optimizer": "SGD", "loss": "mse"}
    frame = pd.DataFrame(
        {"id": [f"s:{i}" for i in range(160)], "chrom": "", "target.y": np.linspace(1, 3e20, 160)}
    )
    kind = {"alphabet": "dna", "task": "regression", "classes": ["y"]}
    write_dataset(tmp_path / "y.h5", frame, [examples[0]], **kind)
    with Dataset(tmp_path / "y.h5") as opened, pytest.raises(UserError) as caught:
        range_test(spec, opened, PARTS, path="experiments.e.training")
    assert str(caught.value).startswith(
        "experiments.e.training.range_test: the loss diverged after 0 steps; "
    )
    assert "targets are as large as 2.25e+20: rescale them in the data, to about 1" in str(caught.value)


def test_short_epochs_are_as_many_as_make_a_hundred_steps(spec, dataset):
    training = {"range_test": {"max": 1e-5}, "batch_size": 50, "reverse_complement": True}
    table, _ = range_test(spec, dataset, PARTS, training=training)
    assert len(table) == 100  # 20 epochs of 5 batches
    assert table["learning_rate"].iloc[-1] == pytest.approx(1e-5)


def test_the_specs_steps_per_epoch_are_not_used(spec, dataset):
    spec["training_params"] |= {"steps_per_epoch": 2, "validation_freq": 9}
    table, _ = range_test(spec, dataset, PARTS, training={"range_test": {"max": 1e-5}, "batch_size": 50})
    assert len(table) == 102  # 34 epochs of 3 batches
    np.testing.assert_allclose(table["learning_rate"], np.geomspace(1e-6, 1e-5, 102))
