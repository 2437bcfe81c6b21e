"""The scanning layers of a model, read from filters.npz without TensorFlow."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from zipfile import BadZipFile

import numpy as np

from motifloom.data.encode import Alphabet, get_alphabet
from motifloom.errors import UserError
from motifloom.filters import activations


@dataclass(frozen=True, eq=False)
class ScanLayer:
    """One convolution fed by the sequence.

    Parameters
    ----------
    name : str
        Layer name.
    kernel : float32 (W, A, F)
        Weights by position, letter and filter.
    bias : float32 (F,)
        Added to every window's score.
    alphabet : Alphabet
        The A letters.
    activation, activation_args : str, dict
        Activation function as in Keras and its arguments.
    padding : str
        valid, same or causal.
    stride, dilation : int
        As in Keras' Conv1D.
    sign : float32 (F,)
        -1 where a following BatchNorm has a negative scale, else 1.
    """

    name: str
    kernel: np.ndarray
    bias: np.ndarray
    alphabet: Alphabet
    activation: str = "linear"
    activation_args: dict = field(default_factory=dict)
    padding: str = "valid"
    stride: int = 1
    dilation: int = 1
    sign: np.ndarray | None = None

    @property
    def width(self):
        """Number of positions of a filter, W."""
        return self.kernel.shape[0]

    @property
    def span(self):
        """Number of letters that a window covers, gaps of a dilated filter included."""
        return (self.width - 1) * self.dilation + 1

    @cached_property
    def filters(self):
        """Names of the filters: layer_000, layer_001, ..."""
        return [f"{self.name}_{index:03d}" for index in range(self.kernel.shape[2])]

    @property
    def scale(self):
        """float32 (F,): what scores are multiplied by.

        The sign of a following BatchNorm where the layer is linear, so that "high" means what the rest
        of the model reads as high. A layer with an activation of its own has already decided which
        windows fire, whatever follows.
        """
        if self.sign is None or self.activation != "linear":
            return np.ones_like(self.bias)
        return self.sign.astype(np.float32)

    def starts(self, length, inside=True):
        """Return where the windows of a sequence start, int64 (n,).

        Parameters
        ----------
        length : int
            Length of the sequence.
        inside : bool
            Only windows that lie inside the sequence; else one per output position of the layer, whose
            start may be negative and whose end beyond the sequence.
        """
        outputs, left = -(-length // self.stride), 0
        if self.padding == "valid":
            outputs = max(0, (length - self.span) // self.stride + 1)
        elif self.padding == "causal":
            left = self.span - 1
        else:
            left = max(0, (outputs - 1) * self.stride + self.span - length) // 2
        starts = np.arange(outputs) * self.stride - left
        return starts[(starts >= 0) & (starts + self.span <= length)] if inside else starts

    def activate(self, scores):
        """Return float32 activations of scores (bias included)."""
        return activations.apply(self.activation, self.activation_args, scores)


class FilterBank:
    """All scanning layers of a model.

    Parameters
    ----------
    layers : iterable of ScanLayer
        Layers with different names, of one alphabet. There may be none: not every network scans.
    alphabet : Alphabet or None
        Letters of the sequence; None: those of the layers, of which there must be one then.
    """

    def __init__(self, layers, alphabet=None):
        self.layers = list(layers)
        self.alphabet = alphabet or self.layers[0].alphabet

    @property
    def filters(self):
        """Names of all filters, in the order of layers."""
        return [name for layer in self.layers for name in layer.filters]

    def __len__(self):
        return sum(len(layer.filters) for layer in self.layers)

    @classmethod
    def read(cls, path):
        """Read filters.npz.

        Raises
        ------
        UserError
            The file is not a filter archive, or holds a layer that cannot be scanned.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                alphabet = get_alphabet(str(archive["alphabet"]))
                names = map(str, archive["layers"])
                return cls([_read_layer(archive, name, alphabet) for name in names], alphabet)
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise UserError(f"{path}: not a filter archive written by the training ({error})") from error
        except UserError as error:
            raise UserError(f"{path}: {error}") from error


def _read_layer(archive, name, alphabet):
    meta = json.loads(str(archive[f"{name}/meta"]))
    kernel = np.ascontiguousarray(archive[f"{name}/kernel"], np.float32)
    count = kernel.shape[2]
    bias = archive[f"{name}/bias"] if f"{name}/bias" in archive else np.zeros(count)
    if kernel.shape[1] != alphabet.size:
        raise UserError(f"layer {name}: {kernel.shape[1]} letters, not {alphabet.size} of {alphabet.name}")
    return ScanLayer(
        name,
        kernel,
        np.asarray(bias, np.float32),
        alphabet,
        activations.known(meta.get("activation") or "linear"),
        meta.get("activation_args") or {},
        meta.get("padding", "valid"),
        _one(meta.get("strides", 1)),
        _one(meta.get("dilation_rate", 1)),
        np.asarray(meta.get("sign") or np.ones(count), np.float32),
    )


def _one(number):
    """Keras writes strides as 1 or as [1]."""
    return int(np.ravel(number)[0])
