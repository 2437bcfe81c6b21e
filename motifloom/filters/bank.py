"""The scanning layers of a model, read from filters.npz without TensorFlow."""

import json
import zlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from zipfile import BadZipFile

import numpy as np

from motifloom.data.encode import Alphabet, get_alphabet
from motifloom.errors import UserError
from motifloom.filters import activations

# What NumPy, zipfile and json raise for a file that is cut off or something else.
DAMAGE = (
    OSError,
    EOFError,
    BadZipFile,
    zlib.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,  # encrypted, or packed in a way that is not known
    MemoryError,  # of a shape that cannot be
)


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
    indices : int (F,) or None
        Numbers of the filters in the layer, from which their names come; default all in order.
    both_strands : bool
        Every window is also read on the other strand: the reverse complement of the filter scans, too.

    Raises
    ------
    UserError
        Both strands of an alphabet without a complement.
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
    indices: np.ndarray | None = None
    both_strands: bool = False

    def __post_init__(self):
        if self.both_strands and self.alphabet.complement is None:
            raise UserError(
                f"layer {self.name}: {self.alphabet.name} has no complement, so filters read one strand"
            )

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
        indices = range(self.kernel.shape[2]) if self.indices is None else self.indices
        return [f"{self.name}_{index:03d}" for index in indices]

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

    @property
    def readings(self):
        """Directions in which windows are read: 1 as they are, -1 as their reverse complement."""
        return (1, -1) if self.both_strands else (1,)

    def take(self, numbers):
        """Return the layer with these of its filters, int (n,), under their names."""
        numbers = np.asarray(numbers, np.int64)
        indices = np.arange(len(self.filters)) if self.indices is None else np.asarray(self.indices)
        return replace(
            self,
            kernel=np.ascontiguousarray(self.kernel[:, :, numbers]),
            bias=self.bias[numbers],
            sign=None if self.sign is None else self.sign[numbers],
            indices=indices[numbers],
        )

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
        if self.activation == "linear":
            return np.array(scores, np.float32)
        args = self.activation_args
        plain = args.get("max_value") is None and not args.get("negative_slope") and not args.get("threshold")
        if self.activation == "relu" and plain:
            return np.maximum(np.asarray(scores, np.float32), np.float32(0))
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

    def subset(self, names):
        """Return the bank of these filters only, in the bank's order; layers without any are left out.

        Raises
        ------
        KeyError
            There is no such filter.
        """
        names = set(names)
        if unknown := names - set(self.filters):
            raise KeyError(f"no filter {sorted(unknown)[0]}")
        chosen = [
            (layer, [number for number, name in enumerate(layer.filters) if name in names])
            for layer in self.layers
        ]
        return FilterBank([layer.take(numbers) for layer, numbers in chosen if numbers], self.alphabet)

    def on_both_strands(self):
        """Return the bank whose filters read every window on both strands.

        Raises
        ------
        UserError
            The alphabet has no complement.
        """
        return FilterBank([replace(layer, both_strands=True) for layer in self.layers], self.alphabet)

    @classmethod
    def read(cls, path, strands="forward"):
        """Read filters.npz.

        Parameters
        ----------
        path : path
        strands : str
            forward: filters read as the network does; both: every window on both strands.

        Raises
        ------
        UserError
            The file is not a filter archive, or holds a layer that cannot be scanned.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                alphabet = get_alphabet(str(archive["alphabet"]))
                names = map(str, archive["layers"])
                bank = cls([_read_layer(archive, name, alphabet) for name in names], alphabet)
        except FileNotFoundError:
            raise UserError(f"{path}: there is no such file") from None
        except DAMAGE as error:
            message = f"{path}: not a filter archive written by the training, or damaged"
            raise UserError(f"{message}; remove it and run again") from error
        except UserError as error:
            raise UserError(f"{path}: {error}") from error
        return bank.on_both_strands() if strands == "both" else bank


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
        both_strands=meta.get("strands") == "both",
    )


def _one(number):
    """Keras writes strides as 1 or as [1]."""
    return int(np.ravel(number)[0])
