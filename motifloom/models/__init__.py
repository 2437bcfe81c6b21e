"""Keras models: building, training, prediction. TensorFlow lives here."""
