"""Tracking: finished runs in the forms of TensorBoard and of Weights & Biases."""

import pytest
from runner import planned, snakemake

from motifloom.io import read_table
from motifloom.tracking import EVENTS

pytestmark = pytest.mark.workflow

RUN = "results/second/seed1"


def test_tensorboard_has_what_the_tables_have(copied):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import metadata

    folder, config = copied
    config = config | {"tracking": {"tensorboard": True}}
    snakemake(folder, config, "tracking")
    written = folder / RUN / "tracking/tensorboard"
    assert (folder / "results/first/seed1/tracking/tensorboard" / EVENTS).is_file()
    found = EventAccumulator(str(written), size_guidance={"scalars": 0}).Reload()
    history = read_table(folder / RUN / "history.tsv")
    curve = [event.value for event in found.Scalars("loss/validation")]
    assert curve == pytest.approx(history["val_loss"].tolist(), rel=1e-6)
    metrics = read_table(folder / RUN / "metrics.tsv")
    macro = metrics.query("part == 'test' and target == 'macro' and metric == 'auroc'")["value"].item()
    assert found.Scalars("test/auroc")[0].value == pytest.approx(macro, rel=1e-6)
    content = found.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    told = metadata.parse_session_start_info_plugin_data(content).hparams
    assert told["dataset"].string_value == "factor" and told["model"].string_value == "written"
    assert told["fold"].number_value == 0 and told["experiment"].string_value == "second"
    assert planned(snakemake(folder, config, "-n", "tracking")) == {}


def test_wandb_has_a_folder_for_each_run(copied, monkeypatch, tmp_path):
    pytest.importorskip("wandb")
    monkeypatch.setenv("HOME", str(tmp_path))
    folder, config = copied
    snakemake(folder, config | {"tracking": {"wandb": {"project": "motifs"}}}, "tracking")
    for experiment in ("first", "second"):
        (written,) = (folder / f"results/{experiment}/seed1/tracking/wandb").glob("offline-run-*")
        assert list(written.glob("*.wandb")) and f"-{experiment}-seed1-" in written.name


def test_the_networks_of_all_folds_are_tracked(finished):
    folder, config = finished
    config = config | {"tracking": {"tensorboard": True, "wandb": {}}}
    config["experiments"] = config["experiments"] | {
        "second": config["experiments"]["second"] | {"folds": "all"}
    }
    jobs = planned(snakemake(folder, config, "-n", "tracking"))
    assert (jobs["track_tensorboard"], jobs["track_wandb"]) == (4, 4)  # of first, and of three folds
