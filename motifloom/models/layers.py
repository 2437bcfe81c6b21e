"""Keras layers of our own: one-hot encodings, both strands, attention and local average pooling.

They are written with keras.ops alone, so that they run on every backend of Keras, and are registered under
the package "motifloom", so that a file with them is loaded in safe mode. A spec names them by class_name.
"""

import keras
import numpy as np

ops = keras.ops

MERGES = ("max", "mean", "concat", "none")
POOLS = ("max", "sum")


@keras.saving.register_keras_serializable(package="motifloom")
class OneHot(keras.layers.Layer):
    """Turn tokens (batch, L) into one-hot rows (batch, L, alphabet_size).

    The first layer of every model, so that sequences stay one byte a base until they are computed with.
    A token outside the alphabet, which is how unknown letters and padding are written, is a row of zeros.

    Parameters
    ----------
    alphabet_size : int
        Number of letters.
    """

    def __init__(self, alphabet_size, **kwargs):
        super().__init__(**kwargs)
        self.alphabet_size = alphabet_size

    def call(self, tokens):
        """Return the one-hot rows in the layer's floating type."""
        return ops.one_hot(tokens, self.alphabet_size, dtype=self.compute_dtype)

    def compute_output_spec(self, tokens):
        """Return the symbolic output: (batch, L, alphabet_size)."""
        return keras.KerasTensor((*tokens.shape, self.alphabet_size), dtype=self.compute_dtype)

    def get_config(self):
        """Return what the layer is made again from."""
        return {**super().get_config(), "alphabet_size": self.alphabet_size}


@keras.saving.register_keras_serializable(package="motifloom")
class HigherOrderOneHot(keras.layers.Layer):
    """Turn tokens (batch, L) into one-hot words of `order` letters (batch, L - order + 1, channels).

    Dinucleotides (order 2) and trinucleotides (order 3), as Janggu encodes sequences (Kopp et al. 2020): a
    layer after it can give neighbouring letters a joint weight. The word a1 a2 ... ak is channel
    a1 A^(k-1) + ... + ak of A^k, with A letters, so that words are in the order of the alphabet. A word with
    an unknown letter is a row of zeros.

    Parameters
    ----------
    alphabet_size : int
        Number of letters, A.
    order : int
        Letters of a word, k, at least 1 (which is the one-hot encoding itself).

    Raises
    ------
    ValueError
        If `order` is not such a number, or words are longer than the sequences.
    """

    def __init__(self, alphabet_size, order=2, **kwargs):
        super().__init__(**kwargs)
        self.alphabet_size = alphabet_size
        self.order = _whole("order", order)

    @property
    def channels(self):
        """Number of words."""
        return self.alphabet_size**self.order

    def call(self, tokens):
        """Return the one-hot words in the layer's floating type."""
        tokens = ops.cast(tokens, "int32")
        word, known = 0, True
        for place in range(self.order):
            letters = tokens[:, place : (place - self.order + 1) or None]
            word = word * self.alphabet_size + letters
            known = ops.logical_and(known, letters < self.alphabet_size)
        # No channel has number -1.
        return ops.one_hot(ops.where(known, word, -1), self.channels, dtype=self.compute_dtype)

    def compute_output_spec(self, tokens):
        """Return the symbolic output: (batch, L - order + 1, alphabet_size ** order)."""
        batch, length = tokens.shape
        if length is not None and length < self.order:
            raise ValueError(f"words of {self.order} letters are longer than sequences of {length}")
        words = None if length is None else length - self.order + 1
        return keras.KerasTensor((batch, words, self.channels), dtype=self.compute_dtype)

    def get_config(self):
        """Return what the layer is made again from."""
        return {**super().get_config(), "alphabet_size": self.alphabet_size, "order": self.order}


def channel_order(complement, channels):
    """Return which channel each channel becomes on the other strand.

    Parameters
    ----------
    complement : str or list of int
        letters: the channels are the letters A C G T or A C G U, which are in the reverse order of their
        complements. words: they are words of such letters, as :class:`HigherOrderOneHot` gives them. strands:
        they are two halves, one per strand, which change places. none: they mean the same on both strands. A
        list is the order itself.
    channels : int
        How many there are.

    Returns
    -------
    list of int (channels,)
        Its own inverse.

    Raises
    ------
    ValueError
        If the channels cannot be what `complement` says.
    """
    numbers = np.arange(channels)
    if isinstance(complement, list | tuple):
        order = list(complement)
        if sorted(order) != numbers.tolist() or [order[i] for i in order] != numbers.tolist():
            raise ValueError(
                f"complement {order} must hold the numbers 0 to {channels - 1} of the input's channels, "
                "so that the complement of the complement is the channel itself"
            )
        return order
    if complement == "letters" and channels == 4:
        return numbers[::-1].tolist()
    if complement == "words" and (length := round(np.log(channels) / np.log(4))) and 4**length == channels:
        return np.flip(numbers.reshape((4,) * length).T).ravel().tolist()
    if complement == "strands" and channels % 2 == 0:
        return np.roll(numbers, channels // 2).tolist()
    if complement == "none":
        return numbers.tolist()
    if complement not in ("letters", "words", "strands"):
        raise ValueError(
            f"complement {complement!r} is not one of letters, words, strands, none, or an order of channels"
        )
    needed = {"letters": "4 channels", "words": "4, 16, 64, ... channels", "strands": "an even number"}
    raise ValueError(
        f"complement: {complement} needs {needed[complement]}, but the input has {channels} channels; write "
        "none where they mean the same on both strands, strands after merge: concat, words after "
        "HigherOrderOneHot, or the order of their complements"
    )


def other_strand(tensor, order, axis):
    """Return a tensor whose positions, the axis before, are reversed and whose channels change places.

    Letters are reversed, too, rather than gathered: the gradient of that costs nothing on a GPU.
    """
    if order == sorted(order, reverse=True):
        return ops.flip(tensor, axis=(axis - 1, axis))
    return ops.take(ops.flip(tensor, axis=axis - 1), order, axis=axis)


@keras.saving.register_keras_serializable(package="motifloom")
class ReverseComplement(keras.layers.Layer):
    """Turn what was read on a strand (batch, L, C) into what the other strand would have given.

    Positions are reversed, and every channel is that of its complement.

    Parameters
    ----------
    complement : str or list of int
        What the channels become: see :func:`channel_order`.

    Raises
    ------
    ValueError
        If the channels cannot be that.
    """

    def __init__(self, complement="letters", **kwargs):
        super().__init__(**kwargs)
        self.complement = complement
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def build(self, input_shape):
        """Find the order of the channels."""
        self.order = channel_order(self.complement, input_shape[-1])

    def call(self, inputs):
        """Return the reverse complement (batch, L, C)."""
        return other_strand(inputs, self.order, axis=2)

    def compute_output_shape(self, input_shape):
        """Return the shape of the output, which is that of the input."""
        return input_shape

    def get_config(self):
        """Return what the layer is made again from."""
        return {**super().get_config(), "complement": self.complement}


@keras.saving.register_keras_serializable(package="motifloom")
class DoubleStrandedConv1D(keras.layers.Conv1D):
    """Read every window (batch, L, C) on both strands with the same filters.

    A window's score on the other strand is that of its reverse complement. It is computed by a filter that is
    reversed and complemented, so that both scores stand at the same position. Bias and activation function
    come first, then the strands are merged:

    ======  ==================  ==============================================================
    merge   output              of F filters
    ======  ==================  ==============================================================
    max     (batch, L', F)      the larger activation of the two strands
    mean    (batch, L', F)      their mean
    concat  (batch, L', 2 F)    all forward filters, then all reverse ones
    none    (batch, L', 2, F)   the strands on an axis of their own, for layers of two dimensions
    ======  ==================  ==============================================================

    Of the reverse complement of a sequence, max and mean give the same numbers in reverse order, where the
    windows lie alike on both strands: without padding if the strides reach the end, or with padding same, an
    odd width and stride 1. Weights are shared as by Shrikumar et al. 2017 and in Janggu (Kopp et al. 2020).

    Parameters
    ----------
    filters, kernel_size : int
        Number of filters F, and their width.
    merge : {"max", "mean", "concat", "none"}
    complement : str or list of int
        What the input's channels become on the other strand: see :func:`channel_order`.
    **kwargs
        Settings of Keras' Conv1D: strides, padding (valid or same), dilation_rate, activation, use_bias, and
        initializers, regularizers and constraints.

    Raises
    ------
    ValueError
        If a setting has no meaning here, or the channels cannot be what `complement` says.
    """

    def __init__(self, filters, kernel_size, *, merge="max", complement="letters", **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        if merge not in MERGES:
            raise ValueError(f"merge {merge!r} is not one of {', '.join(MERGES)}")
        if self.padding == "causal":
            raise ValueError("padding: causal reads in one direction; use same or valid")
        if self.groups > 1 or self.data_format != "channels_last":
            raise ValueError("groups and data_format must be left out: every filter reads all letters")
        self.merge, self.complement = merge, complement

    def build(self, input_shape):
        """Make the weights of one strand, and find the order of the channels on the other."""
        self.order = channel_order(self.complement, input_shape[-1])
        super().build(input_shape)

    def call(self, inputs):
        """Return the merged activations."""
        return self.read(inputs, self.kernel, self.bias)

    def read(self, inputs, kernel, bias=None):
        """Return the merged activations of any filters.

        Parameters
        ----------
        inputs : tensor (batch, L, C)
        kernel : tensor (W, C, n)
        bias : tensor (n,), optional

        Returns
        -------
        tensor
            As the layer's output, with n instead of F filters.
        """
        both = ops.concatenate([kernel, other_strand(kernel, self.order, axis=1)], axis=-1)
        values = self.convolution_op(inputs, both)
        strands = ops.split(values, 2, axis=-1)
        if bias is not None:
            strands = [strand + bias for strand in strands]
        forward, reverse = (self.activation(strand) for strand in strands)
        if self.merge == "max":
            return ops.maximum(forward, reverse)
        if self.merge == "mean":
            return (forward + reverse) / 2
        join = ops.concatenate if self.merge == "concat" else ops.stack
        return join([forward, reverse], axis=-1 if self.merge == "concat" else -2)

    def compute_output_shape(self, input_shape):
        """Return the shape of the output."""
        *rest, filters = super().compute_output_shape(input_shape)
        ends = {"concat": (2 * filters,), "none": (2, filters)}
        return (*rest, *ends.get(self.merge, (filters,)))

    def get_config(self):
        """Return what the layer is made again from."""
        return {**super().get_config(), "merge": self.merge, "complement": self.complement}


@keras.saving.register_keras_serializable(package="motifloom")
class AttentionPooling(keras.layers.Layer):
    """Weigh the positions of (batch, L, C) against each other, and pool them to (batch, C).

    Position i with channels x_i has the score s_i = f(k x_i + b), of one kernel k for all positions, and the
    weight w_i = exp(s_i) / sum_j exp(s_j). Channel c becomes max_i w_i x_ic, as in the tutorial on attention,
    or the weighted mean sum_i w_i x_ic. :func:`motifloom.models.attention.attention_weights` gives the
    weights of sequences.

    Parameters
    ----------
    score_activation : str
        The function f.
    pool : {"max", "sum"}
    use_bias : bool
        Whether there is a bias b.
    kernel_initializer, bias_initializer, kernel_regularizer, kernel_constraint
        As of Keras' Dense, for k (C, 1) and b (1,).

    Raises
    ------
    ValueError
        If `pool` is another.
    """

    def __init__(
        self,
        *,
        score_activation="tanh",
        pool="max",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        kernel_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if pool not in POOLS:
            raise ValueError(f"pool {pool!r} is not one of {', '.join(POOLS)}")
        self.score_activation = keras.activations.get(score_activation)
        self.pool, self.use_bias = pool, use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def build(self, input_shape):
        """Make the weights of the score."""
        self.kernel = self.add_weight(
            shape=(input_shape[-1], 1),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(shape=(1,), name="bias", initializer=self.bias_initializer)

    def attend(self, inputs):
        """Return the weight of every position (batch, L, 1), at least in float32; they sum to 1."""
        scores = ops.matmul(inputs, ops.cast(self.kernel, inputs.dtype))
        scores = ops.cast(scores, keras.backend.result_type(inputs.dtype, "float32"))
        if self.use_bias:
            scores = scores + ops.cast(self.bias, scores.dtype)
        return ops.softmax(self.score_activation(scores), axis=1)

    def call(self, inputs):
        """Return the pooled channels (batch, C)."""
        weighted = inputs * ops.cast(self.attend(inputs), inputs.dtype)
        return ops.max(weighted, axis=1) if self.pool == "max" else ops.sum(weighted, axis=1)

    def compute_output_shape(self, input_shape):
        """Return the shape of the output: (batch, C)."""
        return (input_shape[0], input_shape[-1])

    def get_config(self):
        """Return what the layer is made again from."""
        return {
            **super().get_config(),
            "score_activation": keras.activations.serialize(self.score_activation),
            "pool": self.pool,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
        }


@keras.saving.register_keras_serializable(package="motifloom")
class LocalAveragePooling1D(keras.layers.Layer):
    """Average every window of positions of (batch, L, C), at every start, channel by channel.

    Janggu's LocalAveragePooling2D along a sequence: position i becomes the mean of positions i to i + window
    - 1, so that the output stays as fine as the input.

    Parameters
    ----------
    window : int
        Positions in a window, at least 1.
    padding : {"valid", "same"}
        valid: windows inside the sequence, (batch, L - window + 1, C). same: (batch, L, C), with windows
        around each position; those over an end are means of the positions that there are.

    Raises
    ------
    ValueError
        If the settings are others.
    """

    def __init__(self, window, *, padding="valid", **kwargs):
        super().__init__(**kwargs)
        if padding not in ("valid", "same"):
            raise ValueError(f"padding {padding!r} is not one of valid, same")
        self.window, self.padding = _whole("window", window), padding
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def call(self, inputs):
        """Return the means."""
        return ops.average_pool(inputs, self.window, 1, self.padding, data_format="channels_last")

    def compute_output_shape(self, input_shape):
        """Return the shape of the output."""
        batch, length, channels = input_shape
        lost = self.window - 1 if self.padding == "valid" else 0
        return (batch, None if length is None else length - lost, channels)

    def get_config(self):
        """Return what the layer is made again from."""
        return {**super().get_config(), "window": self.window, "padding": self.padding}


def _whole(name, number):
    """Return `number` where it is a whole number above 0, else raise a ValueError."""
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError(f"{name} {number!r} is not a whole number above 0")
    return number
