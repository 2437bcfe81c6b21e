"""Keras layers of our own."""

import keras


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
        return keras.ops.one_hot(tokens, self.alphabet_size, dtype=self.compute_dtype)

    def compute_output_spec(self, tokens):
        """Return the symbolic output: (batch, L, alphabet_size)."""
        return keras.KerasTensor((*tokens.shape, self.alphabet_size), dtype=self.compute_dtype)

    def get_config(self):
        """Return what the layer is made again from."""
        return {**super().get_config(), "alphabet_size": self.alphabet_size}
