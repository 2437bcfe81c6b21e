"""What a network loses when filters are changed: loss and scores of every sequence, change by change.

The network is not run again as a whole. A batch of sequences is computed once up to where the change of a
filter stops being one channel (see :mod:`motifloom.models.routes`); then, for every change, the one new
channel is computed from the sequences, its difference is added to what the next linear layer gave, and only
the rest of the network runs. This is the same function of the weights, to the rounding of float32.
"""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from motifloom.errors import UserError
from motifloom.filters import activations
from motifloom.models.channels import Steps, batch_size, evenly, output_channels
from motifloom.models.compilation import LOSSES
from motifloom.models.filters import scanning_layers
from motifloom.models.predict import squash_of
from motifloom.models.routes import nodes_between, run
from motifloom.models.structure import activation_of
from motifloom.randomness import generator

ops = keras.ops

# Numbers of the results that are held at once.
HELD = 2**24


class Outcome(NamedTuple):
    """loss float32 (..., n) and scores float32 (..., n, T): probabilities, or values for regression."""

    loss: np.ndarray
    scores: np.ndarray


class Perturbation:
    """Changes of the filters of a trained network, measured on the same sequences.

    Parameters
    ----------
    model : keras.Model
        From tokens to one score per target, with a scanning layer.
    tokens : array or h5py.Dataset, uint8 (n, L)
        Sequences; read by batches.
    targets : float (n, T)
        Targets, as in training (one-hot rows for a multi-class task).
    task : str
        As in :func:`motifloom.models.predict.predict`.

    Attributes
    ----------
    filters : list of str
        Names of all filters, `{layer}_{index:03d}`.

    Raises
    ------
    UserError
        If the sequences are not of the network's length, or the activation function of a scanning layer
        reads several filters.
    ValueError
        If targets and sequences do not fit together, or there are none.
    """

    def __init__(self, model, tokens, targets, *, task):
        length = model.input_shape[1]
        if length != tokens.shape[1]:
            raise UserError(f"the model takes sequences of {length} letters, not of {tokens.shape[1]}")
        if not len(tokens) or np.shape(targets) != (len(tokens), model.output_shape[1]):
            raise ValueError(f"targets {np.shape(targets)} for {len(tokens)} sequences")
        self.tokens, self.targets = tokens, np.asarray(targets, np.float32)
        self._model = model
        self._squash, self._loss = squash_of(model, task), own_loss(model, task)
        self._layers, self._places = [], {}
        for number, (name, layer) in enumerate(scanning_layers(model).items()):
            activations.known(activation_of(layer)[0])
            self._layers.append(layer)
            self._places |= {f"{name}_{index:03d}": (number, index) for index in range(layer.filters)}
        self._kernels = [ops.convert_to_numpy(layer.kernel) for layer in self._layers]
        self._compiled, self._means = {}, {}
        self.filters = list(self._places)

    def baseline(self):
        """Return the Outcome of the network as it is: loss (n,), scores (n, T)."""
        output = self._model.outputs[0]
        nodes = nodes_between(self._model.inputs, [output])

        def forward(tokens, targets):
            values = {id(self._model.inputs[0]): tokens}
            run(nodes, values)
            outputs = ops.cast(values[id(output)], "float32")
            return self._loss(targets, outputs), outputs

        loss, outputs = self._collect(tf.function(forward))
        return Outcome(loss, self._scores(outputs))

    def shuffle(self, units, *, iterations, seed):
        """Shuffle all cells of the kernels of filters; biases stay.

        Parameters
        ----------
        units : list of list of str
            Names of the filters that are changed together. How the kernel of a filter is shuffled depends
            on its name, the number of the iteration and the seed alone.
        iterations : int
        seed : int

        Yields
        ------
        Outcome
            For each unit: loss (iterations, n), scores (iterations, n, T).
        """

        def kernel(name, iteration):
            number, index = self._places[name]
            cells = self._kernels[number][:, :, index]
            rng = generator(seed, "importance", name, iteration)
            return rng.permutation(cells.ravel()).reshape(cells.shape)

        yield from self._run(units, iterations, kernels=kernel)

    def knockout(self, units):
        """Replace the output channels of filters by their means over all sequences and positions.

        Parameters
        ----------
        units : list of list of str
            Names of the filters that are changed together.

        Yields
        ------
        Outcome
            For each unit: loss (1, n), scores (1, n, T).
        """

        def mean(name, _):
            number, index = self._places[name]
            channels = output_channels(self._layers[number], np.array([index]))
            return self._mean(number)[ops.convert_to_numpy(channels)]

        yield from self._run(units, 1, constants=mean)

    def _batches(self, batch):
        """Yield (rows, tokens, targets) of batches of one size, the last one padded."""
        for start in range(0, len(self.tokens), batch):
            rows = slice(start, min(start + batch, len(self.tokens)))
            missing = ((0, batch - (rows.stop - start)), (0, 0))
            arrays = np.asarray(self.tokens[rows], np.uint8), self.targets[rows]
            yield rows, *(tf.constant(np.pad(array, missing)) for array in arrays)

    def _collect(self, function):
        """Return the arrays (n, ...) that a function of (tokens, targets) gives batch by batch."""
        batch = evenly(len(self.tokens), batch_size(self._model))
        blocks = [[array.numpy() for array in function(*block)] for _, *block in self._batches(batch)]
        return [np.concatenate(arrays)[: len(self.tokens)] for arrays in zip(*blocks, strict=True)]

    def _scores(self, outputs):
        """Turn outputs (..., T) into probabilities or values."""
        flat = self._squash(outputs.reshape(-1, outputs.shape[-1]))
        return np.asarray(flat, np.float32).reshape(outputs.shape)

    def _mean(self, number):
        """Return the mean of every output channel of a scanning layer over all else, float64 (channels,)."""
        if number not in self._means:
            nodes = nodes_between(self._model.inputs, self._model.outputs)
            outputs = [node.outputs[0] for node in nodes if node.operation is self._layers[number]]
            nodes = nodes_between(self._model.inputs, outputs)

            def forward(tokens, targets):
                values = {id(self._model.inputs[0]): tokens}
                run(nodes, values)
                means = [_channel_means(ops.cast(values[id(output)], "float32")) for output in outputs]
                return [sum(means) / len(means)]

            self._means[number] = self._collect(tf.function(forward))[0].mean(axis=0, dtype=np.float64)
        return self._means[number]

    def _run(self, units, iterations, **become):
        """Yield the Outcome of every unit, in order.

        `become` is the argument of :meth:`Steps.change` that tells what filters become, kernels or constants,
        as a function of name and iteration.
        """
        n, width = len(self.tokens), self._model.output_shape[1]
        at_once = max(1, HELD // (iterations * n * (width + 1)))
        for start in range(0, len(units), at_once):
            block = units[start : start + at_once]
            loss = np.empty((len(block), iterations, n), np.float32)
            outputs = np.empty((len(block), iterations, n, width), np.float32)
            for kind, members in self._kinds(block).items():
                steps = self._steps(kind, iterations)
                changes = [
                    (unit, at, self._describe(steps, block[unit], range(at, at + steps.slots), **become))
                    for unit in members
                    for at in range(0, iterations, steps.slots)
                ]
                for rows, tokens, targets in self._batches(steps.batch):
                    front = steps.front(tokens)
                    for unit, at, change in changes:
                        found = [array.numpy() for array in steps.change(front, targets, **change)]
                        for array, values in zip((loss, outputs), found, strict=True):
                            place = array[unit, at : at + steps.slots, rows]
                            place[:] = values[: place.shape[0], : place.shape[1]]
            for unit_loss, unit_outputs in zip(loss, outputs, strict=True):
                yield Outcome(unit_loss, self._scores(unit_outputs))

    def _kinds(self, units):
        """Return {((layer, how many of its filters), ...): numbers of such units}."""
        kinds = {}
        for number, names in enumerate(units):
            layers, counts = np.unique([self._places[name][0] for name in names], return_counts=True)
            kinds.setdefault(tuple(zip(layers.tolist(), counts.tolist(), strict=True)), []).append(number)
        return kinds

    def _steps(self, kind, iterations):
        """Return the compiled steps of a kind of unit, made once."""
        if (kind, iterations) not in self._compiled:
            layers, room = [self._layers[number] for number, _ in kind], [count for _, count in kind]
            steps = Steps(self._model, layers, room, len(self.tokens), iterations, self._loss)
            self._compiled[kind, iterations] = steps
        return self._compiled[kind, iterations]

    def _describe(self, steps, names, iterations, **become):
        """Return the arguments of a step that tell what the filters `names` become in some iterations."""
        ((field, function),) = become.items()
        channels, values = [], []
        for layer in steps.layers:
            own = [name for name in names if self._layers[self._places[name][0]] is layer]
            channels.append(tf.constant([self._places[name][1] for name in own], tf.int32))
            made = [function(name, iteration) for iteration in iterations for name in own]
            made = np.stack(made, axis=-1)
            values.append(tf.constant(made.ravel() if field == "constants" else made, tf.float32))
        return {"channels": channels, field: values}


def _channel_means(values):
    """Return the mean (batch, channels) of values (batch, ..., channels)."""
    return ops.mean(values, axis=tuple(range(1, len(values.shape) - 1)))


def own_loss(model, task):
    """Return the loss that a model was compiled with, sequence by sequence.

    Parameters
    ----------
    model : keras.Model
        Without a loss of its own, that of the task is taken.
    task : str

    Returns
    -------
    callable
        (targets, outputs), tensors (n, T), -> float32 (n,): no weights, reduction or penalties.
    """
    loss = getattr(model, "loss", None)
    while isinstance(loss, list | tuple | dict) and len(loss) == 1:
        loss = next(iter(loss.values() if isinstance(loss, dict) else loss))
    loss = keras.losses.get(loss or LOSSES[task])
    function = loss.call if isinstance(loss, keras.losses.Loss) else loss

    def per_sequence(targets, outputs):
        values = ops.cast(function(targets, outputs), "float32")
        return ops.mean(ops.reshape(values, (outputs.shape[0], -1)), axis=1)

    return per_sequence
