"""The blocks that builders share: a network that grows layer by layer and knows what is left to read."""

import copy

import keras

from motifloom.errors import UserError
from motifloom.models.layers import AttentionPooling, DoubleStrandedConv1D, ReverseComplement
from motifloom.models.names import complete, create, first_line, unique
from motifloom.models.values import check_held

L = keras.layers


class Net:
    """A network under construction.

    Its methods add a layer at the end. A size that does not fit what is left of the sequence is told with
    the arithmetic that led there.

    Parameters
    ----------
    inputs : KerasTensor (batch, positions, channels)
        The one-hot sequence.
    parameters : motifloom.parameters.Parameters
        `order` says what the symbols of the input are, `strands` how the first convolutions read it.
    length, alphabet_size : int
        Length of the sequence in letters, and number of letters.
    path : str
        Key path of the parameters, for messages.

    Attributes
    ----------
    tensors : list of KerasTensor
        The end of the network: one, or one per strand where they are not merged yet. A layer is called on
        each, with the same weights.
    paths : dict of str to str
        Key path of every layer by name.
    """

    def __init__(self, inputs, parameters, *, length, alphabet_size, path):
        self.tensors, self.length, self.path = [inputs], length, path
        self.order, self.strands, self.alphabet_size = parameters.order, parameters.strands, alphabet_size
        self._strands_key = "merge" if hasattr(parameters, "merge") else "both_strands"
        self.reads_sequence, self.paths, self._used = True, {}, {"tokens", inputs._keras_history[0].name}
        self.steps = [f"{length} - {self.order} + 1 = {self.positions}"] if self.order > 1 else []
        self._settings = {
            kind: getattr(parameters, kind, default)
            for kind, default in (("kernel_initializer", "glorot_uniform"), ("bias_initializer", "zeros"))
        }
        self._norm = getattr(parameters, "kernel_constraint", 0)

    @property
    def output(self):
        """The tensor at the end."""
        return self.tensors[0]

    @property
    def positions(self):
        """How many positions are left."""
        return self.output.shape[1]

    # --- convolutions

    def convolve(
        self,
        filters,
        width,
        key,
        *,
        name="conv",
        stride=1,
        dilation=1,
        padding="valid",
        activation=None,
        activation_key="activation",
        l2=0,
    ):
        """Add a convolution; the first one reads both strands where the builder is told so.

        `width` is the width of the kernels and `l2` the strength of their regulariser; `key` and
        `activation_key` are the parameters that hold width and activation function.
        """
        self._check(key, width, (width - 1) * dilation + 1, padding)
        settings = {
            "filters": filters,
            "kernel_size": width,
            "strides": stride,
            "dilation_rate": dilation,
            "padding": padding,
            "activation": activation,
            **self._weights([0, 1], l2),
        }
        if self.reads_sequence and self.strands:
            self._scan_both(settings, key, name, activation_key)
        else:
            self._add(L.Conv1D, name, key, settings, activation_key)
        self.reads_sequence = False
        self._note_convolution((width - 1) * dilation + 1, stride, padding)

    def _scan_both(self, settings, key, name, activation_key):
        """Scan both strands; unmerged ones are taken apart, each in its own direction."""
        if self.alphabet_size != 4:
            raise UserError(f"{self.path}.{self._strands_key}: goes with DNA and RNA, which have two strands")
        complement = "letters" if self.order == 1 else "words"
        both = {**settings, "merge": self.strands, "complement": complement}
        self._add(DoubleStrandedConv1D, name, key, both, activation_key)
        if self.strands != "none":
            return
        size, filters = self.positions, settings["filters"]
        strands = self.tensors * 2
        self.tensors = strands[:1]
        self._add(L.Cropping2D, "forward", key, {"cropping": [[0, 0], [0, 1]]})
        self._add(L.Reshape, "forward_strand", key, {"target_shape": [size, filters]})
        forward, self.tensors = self.tensors, strands[1:]
        self._add(L.Cropping2D, "reverse", key, {"cropping": [[0, 0], [1, 0]]})
        self._add(L.Reshape, "reversed", key, {"target_shape": [size, filters]})
        self._add(ReverseComplement, "reverse_strand", key, {"complement": "none"})
        self.tensors = forward + self.tensors

    def _note_convolution(self, span, stride, padding):
        before, after = self._before, self.positions
        if padding == "same" and stride == 1:
            return
        if padding == "same":
            self.steps.append(f"every {stride} positions of {before}: {after}")
        elif stride > 1:
            self.steps.append(f"({before} - {span}) // {stride} + 1 = {after}")
        else:
            self.steps.append(f"{before} - {span} + 1 = {after}")

    def normalise(self):
        """Add a batch normalisation."""
        self._add(L.BatchNormalization, "batch_norm")

    def activate(self, activation, key="activation"):
        """Add an activation function, which the parameter `key` names."""
        self._add(L.Activation, "activation", key, {"activation": activation}, key)

    def drop(self, rate):
        """Add dropout, unless its rate is 0."""
        if rate:
            self._add(L.Dropout, "dropout", None, {"rate": rate})

    def pool(self, size, key, stride=None, padding="valid"):
        """Add max pooling over `size` positions, unless that is 1."""
        if size == 1 and (stride or 1) == 1:
            return
        if padding == "valid":
            self._check(key, size, size, padding)
        before = self.positions
        settings = {"pool_size": size, "strides": stride or size, "padding": padding}
        self._add(L.MaxPooling1D, "pool", key, settings)
        start = "" if self.steps else f"{before} positions, "
        step = f" in steps of {stride}" if stride and stride != size else ""
        self.steps.append(f"{start}pooled by {size}{step} to {self.positions}")

    def add_to(self, shortcut):
        """Add the tensors that another end of the network had to those of this one."""
        layer = self._named(L.Add, "add")
        self.tensors = [layer([a, b]) for a, b in zip(shortcut, self.tensors, strict=True)]

    def branch(self):
        """Return another end of the same network that goes on from here."""
        other = copy.copy(self)
        other.tensors, other.steps = list(self.tensors), list(self.steps)
        return other

    # --- from positions to one row per example

    def flatten(self):
        """Put the channels of all positions side by side."""
        self._add(L.Flatten, "flatten")
        self._merge_strands()

    def pool_all(self, kind):
        """Take the mean or the max over all positions, or weigh them by an attention."""
        if kind == "attention":
            self.attend(pool="sum")
            return
        self._add(L.GlobalMaxPooling1D if kind == "max" else L.GlobalAveragePooling1D, "pool_all", "pool")
        self._merge_strands()

    def attend(self, name="attention", score_activation="tanh", pool="max"):
        """Weigh the positions by an attention and pool them."""
        settings = {"score_activation": score_activation, "pool": pool}
        self._add(AttentionPooling, name, "score_activation", settings)
        self._merge_strands()

    def recur(
        self,
        kind,
        units,
        *,
        bidirectional,
        every_position,
        dropout=0.0,
        recurrent_dropout=0.0,
        key="rnn_units",
    ):
        """Add a recurrent layer (LSTM or GRU) that gives its state at every position, or the last one."""
        settings = {
            "units": units,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "return_sequences": every_position,
            **self._weights(0),
        }
        name = kind.lower()
        if bidirectional:
            inner = {"class_name": kind, "config": {"name": name, **settings}}
            self._add(L.Bidirectional, f"bidirectional_{name}", key, {"layer": inner})
        else:
            self._add(getattr(L, kind), name, key, settings)
        if not every_position:
            self._merge_strands()

    def _merge_strands(self):
        if len(self.tensors) > 1:
            layer = self._named(L.Maximum, "strands")
            self.tensors = [layer(self.tensors)]

    # --- rows

    def join(self, branches):
        """Go on with what other ends have, side by side."""
        self.tensors = [branch.output for branch in branches]
        if len(branches) > 1:
            layer = self._named(L.Concatenate, "concatenate")
            self.tensors = [layer(self.tensors)]

    def dense(self, units, key, *, activation="relu", l2=0):
        """Add a dense layer."""
        settings = {"units": units, "activation": activation, **self._weights(0, l2)}
        self._add(L.Dense, "dense", key, settings)

    def finish(self, units, activation, *, l2=0):
        """Add the output layer."""
        settings = {"units": units, "activation": activation, **self._weights(None, l2)}
        self._add(L.Dense, "output", None, settings)

    # --- making layers

    def _weights(self, axis, l2=0):
        """Return how weights begin and what holds them small: the norm over `axis` of the kernel, if any."""
        settings = {kind: _initializer(value) for kind, value in self._settings.items()}
        if self._norm and axis is not None:
            constraint = {"class_name": "MaxNorm", "config": {"max_value": self._norm, "axis": axis}}
            settings["kernel_constraint"] = constraint
        return {**settings, "kernel_regularizer": _l2(l2)}

    def _named(self, cls, name, key=None, settings=None, activation_key="activation"):
        """Return a layer of a class, under a name that no other layer has."""
        settings = {**(settings or {}), "name": unique(name, self._used)}
        path = f"{self.path}.{key}" if key else self.path
        try:
            entry = complete({"class_name": cls.__name__, "config": settings}, "layer", path)
            check_held(entry, path)
            layer = create(entry, path)
        except UserError as error:  # a setting of a layer is a parameter here, mostly of the same name
            text = str(error).replace(f"{path}.config.activation", f"{self.path}.{activation_key}", 1)
            text = text.replace(f"{path}.config.", f"{self.path}.", 1)
            raise UserError(text.replace("initializer.config.", "initializer.args.", 1)) from error
        self.paths[layer.name] = path
        return layer

    def _add(self, cls, name, key=None, settings=None, activation_key="activation"):
        """Make a layer and call it on every strand."""
        layer = self._named(cls, name, key, settings, activation_key)
        self._before = self.positions if len(self.output.shape) == 3 else None
        try:
            self.tensors = [layer(tensor) for tensor in self.tensors]
        except Exception as error:  # Keras raises all kinds
            raise UserError(f"{self.paths[layer.name]}: {first_line(error)}") from error

    def _check(self, key, size, span, padding):
        """Raise a UserError for a kernel or pool that is longer than what is left of the sequence."""
        left = self.positions
        if (span <= left) if padding == "valid" else (span <= max(self.length, left)):
            return
        steps = ", ".join(self.steps)
        steps = steps.replace(self.steps[0], f"{self.steps[0]} positions", 1) if "=" in steps else steps
        wide = str(size) if span == size else f"{size}, over {span} positions,"
        way = steps or f"there are {left} positions"
        most = f"at most {left}" if span == size and left else "less"
        raise UserError(
            f"{self.path}.{key}: {wide} does not fit: {way}; write {most}, or make windows longer"
        )


def _initializer(value):
    """Return an initializer as a spec has it."""
    if isinstance(value, str):
        return value
    return {"class_name": value.identifier, "config": value.args}


def _l2(strength):
    return {"class_name": "L2", "config": {"l2": strength}} if strength else None
