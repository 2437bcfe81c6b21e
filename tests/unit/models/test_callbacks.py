import pytest

from motifloom.errors import UserError
from motifloom.models.callbacks import make_callbacks
from motifloom.models.spec import build_model


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


def test_a_training_is_not_resumed(model):
    section = {"BackupAndRestore": {"backup_dir": "backup"}}
    with pytest.raises(UserError, match=r"^m: callbacks\.BackupAndRestore: .* cannot be resumed"):
        make_callbacks(section, model, None, validated=True, where="m")


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
