import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from motifloom import specs
from motifloom.errors import UserError
from motifloom.models import device
from motifloom.models.check import check_jobs

ROOT = Path(__file__).parents[3]


def test_jobs_go_in_and_messages_come_out(spec, sizes, tmp_path):
    good, bad = {"spec": spec, "where": "models.a", **sizes}, tmp_path / "bad.yaml"
    bad.write_text("model: {layers: [{class_name: Flaten}]}\n")
    jobs = [{**good, "text": "not read"}, {**good, "spec": str(bad), "where": "bad.yaml"}]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-m", "motifloom.models.check"],
        input=json.dumps(jobs), capture_output=True, text=True, check=True, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert json.loads(result.stdout) == [
        None,
        "bad.yaml: model.layers[0].class_name: Keras has no layer 'Flaten'; did you mean 'Flatten'?",
    ]


def test_what_a_builder_writes_and_how_it_ends_is_told(tmp_path):
    check = {"length": 9, "alphabet_size": 4, "task": "binary", "n_targets": 1}

    def run(*lines):
        path = tmp_path / "mine.py"
        path.write_text("import os\nfrom keras import layers\ndef build(inputs):\n" + "\n".join(lines))
        return specs._run([{**check, "where": "models.m", "spec": {"model": {"builder": str(path)}}}])

    flat = "    return layers.Flatten()(inputs)"
    assert run("    os.system('echo hi')", "    os.write(1, b'[')", "    print('x')", flat) == [None]
    for status, reason in [(0, "a builder has ended it before it was over"), (3, "")]:
        with pytest.raises(
            UserError, match=r"^the check of the models \(models\.m\) could not run: "
        ) as caught:
            run(f"    os._exit({status})", flat)
        assert reason in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("path", sorted((ROOT / "config/models").glob("*")), ids=lambda path: path.name)
def test_the_networks_that_come_with_the_workflow(path):
    from motifloom.models.spec import check_spec

    tasks = {"shallow.json": [("binary", 1)], "multiclass.yaml": [("multiclass", 6)]}
    every = [("binary", 1), ("multilabel", 18), ("multiclass", 6), ("regression", 1)]
    for task, n_targets in tasks.get(path.name, every):
        check_spec(path, length=75, alphabet_size=4, task=task, n_targets=n_targets)


def test_a_gpu_that_is_not_there(monkeypatch):
    monkeypatch.setattr(device.tf.config, "list_physical_devices", lambda kind: [])
    with pytest.raises(UserError, match="TensorFlow sees none"):
        device.configure(2, "gpu")


def test_the_device_is_described():
    assert set(device.describe()) == {"kind", "name", "threads"}


def test_a_spec_that_makes_keras_stumble_is_named():
    layers = [
        {
            "class_name": "InputLayer",
            "config": {"name": "in", "batch_shape": [None, 20, 4]},
            "inbound_nodes": [],
        },
        {"class_name": "Flatten", "config": {"name": "out"}, "inbound_nodes": "in", "name": "out"},
    ]
    config = {"name": "m", "layers": layers, "input_layers": [["in", 0, 0]], "output_layers": [["out", 0, 0]]}
    job = {"spec": {"model": {"class_name": "Functional", "config": config}}, "where": "x.json"}
    job |= {"length": 20, "alphabet_size": 4, "task": "binary", "n_targets": 1}
    (message,) = check_jobs([job])
    assert message.startswith("x.json") and "\n" not in message
