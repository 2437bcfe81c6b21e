# ruff: noqa: E501  (tables of messages, which are single lines)
"""Builders of the user's own."""

import keras
import pytest
from built import SIZES, message, shapes

from motifloom.errors import UserError
from motifloom.models.spec import build_model

GOOD = """
from keras import layers
from motifloom.models.layers import AttentionPooling

def build(inputs, width, filters=4):
    x = layers.Conv1D(filters, width, activation="relu", name="scan")(inputs)
    return AttentionPooling(name="look")(x)
"""
OWN_HEAD = """
import keras

def build(inputs, n_targets, task):
    x = keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(3, 5)(inputs))
    return keras.layers.Dense(n_targets, activation="sigmoid" if task == "binary" else "softmax", name="head")(x)
"""


@pytest.fixture
def own(tmp_path):
    """Return a function that writes a builder and builds with it."""

    def own(text, **parameters):
        (tmp_path / "mine.py").write_text(text)
        section = {"builder": str(tmp_path / "mine.py"), **parameters}
        try:
            return build_model({"model": section}, **SIZES, where="models.net")
        except UserError as error:
            return str(error).replace(f"{tmp_path}/", "")

    return own


def test_a_builder_of_ones_own(own, tmp_path):
    model = own(GOOD, width=7, filters=2)
    assert shapes(model)["scan"] == (34, 2) and shapes(model)["output"] == (1,)
    model.save(tmp_path / "model.keras")
    assert (
        keras.saving.load_model(tmp_path / "model.keras", safe_mode=True).count_params()
        == model.count_params()
    )
    assert [layer.name for layer in own(OWN_HEAD).layers][-1] == "head"
    assert not (tmp_path / "__pycache__").exists()


BAD = [
    ("import keras\n", {}, "models.net.builder: mine.py: has no function build; write def build(inputs, ...)"),
    (GOOD, {}, "models.net.width: missing; build of mine.py needs it"),
    (GOOD, {"width": 7, "filter": 2}, "models.net.filter: build of mine.py has no parameter 'filter'; did you mean 'filters'?"),
    (OWN_HEAD, {"task": "x"}, "models.net.task: build of mine.py has no parameter 'task'"),
    (GOOD, {"width": 70}, "models.net.builder: mine.py, line 6: ValueError: "),
    ("def build(inputs:\n", {}, "models.net.builder: mine.py, line 1: SyntaxError: "),
    ("x = 1\ny = x / 0\n", {}, "models.net.builder: mine.py, line 2: ZeroDivisionError: division by zero"),
    ("def build(inputs):\n    raise SystemExit(3)\n", {}, "models.net.builder: mine.py, line 2: SystemExit: 3"),
    ("def build(inputs):\n    raise KeyboardInterrupt\n", {}, "models.net.builder: mine.py, line 2: KeyboardInterrupt"),
    ("class Stop(BaseException):\n    pass\nraise Stop('x')\n", {}, "models.net.builder: mine.py, line 3: Stop: x"),
    ("from keras import layers\ndef build(inputs):\n    return layers.Flatten(name='output')(inputs)\n", {},
     'models.net.builder: mine.py: The name "output" is used 2 times in the model. All operation names should be '
     "unique; Motifloom's own layers are tokens, one_hot and output"),
    ("from keras import layers\ndef build(inputs):\n    return layers.Flatten(name='a b')(inputs)\n", {},
     "models.net.builder: mine.py: no layer can be called 'a b'; use up to 100 of"),
    ("import keras\ndef build(inputs):\n    return keras.layers.Flatten()(keras.Input((40, 4)))\n", {},
     "models.net.builder: mine.py: Output with path `` is not connected to `inputs`"),
    ("def build():\n    pass\n", {}, "models.net.builder: mine.py: build takes no input; write def build(inputs, ...)"),
    ("def build(inputs):\n    return 3\n", {}, "models.net.builder: mine.py: build gives int, not a Keras tensor"),
    ("def build(inputs):\n    return inputs\n", {}, "models.net.builder: mine.py: build gives [40, 4] values per example; end with Flatten"),
    ("import keras\n@keras.saving.register_keras_serializable('me')\nclass Odd(keras.layers.Layer):\n"
     "    def call(self, x):\n        return x\n"
     "def build(inputs):\n    return keras.layers.Flatten()(Odd()(inputs))\n", {},
     "models.net.builder: mine.py: Odd cannot be loaded again; use layers and functions of Keras"),
    ("import keras\ndef build(inputs):\n    x = keras.layers.Lambda(lambda x: x + 1)(inputs)\n"
     "    return keras.layers.Flatten()(x)\n", {}, "models.net.builder: mine.py: Lambda cannot be loaded again"),
    ("from keras import layers, Sequential\ndef build(inputs):\n"
     "    return Sequential([layers.Conv1D(2, 3), layers.GlobalMaxPooling1D()], name='in')(inputs)\n", {},
     "models.net.builder: mine.py: layer in is a whole model (Sequential); write its layers in its place"),
    ("from keras import layers\ndef build(inputs):\n    x = layers.Flatten()(inputs)\n"
     "    return layers.BatchNormalization(momentum=5, name='norm')(x)\n", {},
     "models.net.builder: mine.py: layer norm.config.momentum: 5.0 does not do; write a number from 0 to below 1"),
    ("import keras\ndef double(x):\n    return 2 * x\ndef build(inputs):\n"
     "    return keras.layers.Flatten()(keras.layers.Activation(double)(inputs))\n", {},
     "models.net.builder: mine.py: double cannot be loaded again"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "parameters", "expected"), BAD)
def test_what_is_wrong_with_ones_own_builder_is_one_line(own, text, parameters, expected):
    found = own(text, **parameters)
    assert isinstance(found, str) and found.startswith(expected) and "\n" not in found


def test_a_missing_file_of_ones_own():
    found = message("absent.py")
    assert found == "models.net.builder: absent.py: there is no such file"


def test_outputs_that_no_layer_gives_are_refused(own):
    head = OWN_HEAD.replace("    return keras.layers.Dense(", "    x = keras.layers.Dense(").rstrip()
    found = own(f"{head}\n    return keras.ops.sigmoid(x)\n")
    assert found.startswith(
        "models.net.builder: mine.py: build ends with the operation sigmoid; end with a layer"
    )
    # With Motifloom's own output layer, it may.
    found = own(
        "import keras\ndef build(inputs):\n    return keras.ops.max(keras.ops.relu(inputs), axis=1)\n"
    )
    assert [layer.name for layer in found.layers][-1] == "output"


def test_control_c_still_stops(own):
    """A signal while the file runs is none of its errors."""
    with pytest.raises(KeyboardInterrupt):
        own("import signal\ndef build(inputs):\n    signal.raise_signal(signal.SIGINT)\n    return inputs\n")
