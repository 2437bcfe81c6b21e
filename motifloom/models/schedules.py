"""Learning rates and momenta that change from step to step, computed inside the training step.

A schedule is a chain of segments, each straight, exponential or half a cosine wave in the step. Keras asks
for its value in the graph, so that it is exact in every step however many of them one call of TensorFlow
runs; the same segments give the whole course as an array.
"""

import math
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from motifloom.errors import UserError

# What the momentum of an optimizer (or one made from it: AdamW) is called.
MOMENTUM = {keras.optimizers.SGD: "momentum", keras.optimizers.Adam: "beta_1"}
# Rates that follow from lr_max where they are not given: as cnn_pipeline advises, and as fastai does.
INIT_SHARE, FINAL_SHARE = 1 / 20, 1e-4
DEFAULTS = {
    "decay_per_epoch": 0.95,
    "lr_final": None,
    "scale": "triangular2",
    "cycles": 1.0,
    "tail_epochs": 0,
    "peak": 0.3,
}


class Segment(NamedTuple):
    """From value `first` at step `start` to `last` at step `end`, by `shape`; it holds from `begin` on.

    Of an exponential one, `last` is the natural logarithm of the last value in units of the first: the value
    itself may be too small for a number.
    """

    begin: float
    start: float
    end: float
    first: float
    last: float
    shape: str = "linear"


SHAPES = ("linear", "cosine", "exponential")


@keras.saving.register_keras_serializable(package="motifloom")
class Segments(keras.optimizers.schedules.LearningRateSchedule):
    """A value for every step, from 0, as a chain of segments.

    Parameters
    ----------
    segments : list of Segment
        In order; the first holds from the beginning, the last for ever, with its last value after its end.
    """

    def __init__(self, segments, name="segments"):
        super().__init__()
        self.segments = [Segment(*segment) for segment in segments]
        self.name = name

    def __call__(self, step):
        """Return the value at a step, a float32 tensor."""
        columns = list(zip(*self.segments, strict=True))
        begin, start, end, first, last = (tf.constant(column, tf.float64) for column in columns[:5])
        step = tf.cast(tf.convert_to_tensor(step), tf.float64)
        number = tf.maximum(tf.reduce_sum(tf.cast(begin <= step, tf.int32)) - 1, 0)
        start, end, first, last = (tf.gather(column, number) for column in (start, end, first, last))
        share = tf.clip_by_value((step - start) / (end - start), 0.0, 1.0)
        values = [
            first + (last - first) * share,
            last + (first - last) * (1 + tf.cos(math.pi * share)) / 2,
            first * tf.exp(last * share),  # only read where the shape is exponential
        ]
        shape = tf.gather(tf.constant([SHAPES.index(name) for name in columns[5]]), number)
        return tf.cast(tf.gather(tf.stack(values), shape), tf.float32)

    def values(self, steps):
        """Return the values of the steps 0, 1, ... as float64 (steps,)."""
        step = np.arange(steps, dtype=np.float64)
        begins = [segment.begin for segment in self.segments]
        number = np.maximum(np.searchsorted(begins, step, side="right") - 1, 0)
        values = np.empty(steps)
        for index, segment in enumerate(self.segments):
            here = number == index
            share = np.clip((step[here] - segment.start) / (segment.end - segment.start), 0, 1)
            values[here] = _value(segment, share)
        return values

    def get_config(self):
        """Return what the schedule is made again from."""
        return {"segments": [list(segment) for segment in self.segments], "name": self.name}


def _value(segment, share):
    first, last = segment.first, segment.last
    if segment.shape == "linear":
        return first + (last - first) * share
    if segment.shape == "cosine":
        return last + (first - last) * (1 + np.cos(np.pi * share)) / 2
    return first * np.exp(last * share)


class Momentum(float):
    """A momentum that follows the steps of an optimizer: a number outside the graph, a tensor inside.

    Keras' optimizers take their momentum as a number when their step is built. This is one, the base value,
    to everything that compares, stores or prints it; to TensorFlow it is the value at the current step.
    """

    def __new__(cls, base, schedule, optimizer):
        """Make a number of value `base`."""
        number = super().__new__(cls, base)
        number.schedule, number.optimizer = schedule, optimizer
        return number

    def __tf_tensor__(self, dtype=None, name=None):
        """Return the value at the optimizer's step."""
        return tf.cast(self.schedule(self.optimizer._iterations.value), dtype or tf.float32, name=name)

    def __rsub__(self, other):
        """Return other - self as a tensor: Adam weighs the gradient with 1 - beta_1."""
        return other - tf.convert_to_tensor(self)

    def __reduce__(self):
        """Pickle and copy as the base value alone."""
        return float, (float(self),)


def install_schedule(model, schedule, *, warmup_epochs=0, steps_per_epoch, epochs, where="training"):
    """Make the optimizer of a compiled network follow a schedule.

    Parameters
    ----------
    model : keras.Model
        Compiled, not trained yet.
    schedule : dict or None
        `kind` and its settings; those that are missing or None have defaults. t is the step (from 0) after
        the warm-up, n the number of steps left, E the steps of an epoch, lr the optimizer's own rate.

        constant
            lr. No schedule at all is the same.
        exponential
            lr * decay_per_epoch ** (t / E).
        cosine
            From lr to `lr_final` (default 0) by half a cosine wave over n (Loshchilov and Hutter 2017).
        cyclic
            `cycles` times from `lr_init` (default lr_max / 20) up to `lr_max` and back, in straight lines
            (Smith 2017). `scale` triangular2 halves the height of every further cycle, triangular does
            not. In the last `tail_epochs`, the rate falls in a straight line from lr_init to lr_init / 10.
        one_cycle
            From `lr_init` (default lr_max / 20) up to `lr_max` in the first `peak` (default 0.3) of the
            steps, then down to `lr_final` (default lr_init / 10000), by half cosine waves (Smith and Topin
            2018).

        With `momentum_base` and `momentum_max`, for cyclic and one_cycle, the momentum (of SGD; Adam's
        beta_1) goes the other way: base where the rate is highest, max where it is lowest. It is max in
        warm-up and tail. triangular2 halves its swing as it does the rate's.
    warmup_epochs : int
        Epochs, of those given, in which the rate rises to where the schedule begins: step t of w has
        (t + 1) / w of it.
    steps_per_epoch, epochs : int
        Of the training; batches, not calls of TensorFlow.
    where : str
        What to call the training options in messages.

    Raises
    ------
    UserError
        If warm-up and tail leave no epoch, the optimizer has a schedule of its own already, or no momentum.
    """
    if (schedule is None or schedule.get("kind") == "constant") and not warmup_epochs:
        return
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if not isinstance(optimizer._learning_rate, keras.Variable):
        raise UserError(
            f"{where}.schedule: the spec's compile.optimizer.config.learning_rate is a schedule already; "
            f"write a number there, or remove {where}.schedule and warmup_epochs"
        )
    rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    sizes = (warmup_epochs, steps_per_epoch, epochs)
    try:
        chain, turned = rate_segments(schedule, rate, *sizes), momentum_segments(schedule, *sizes)
    except ValueError as error:
        raise UserError(f"{where}.{error}") from None
    optimizer.learning_rate = Segments(chain, "learning_rate")
    if turned is not None:
        setting = next((name for kind, name in MOMENTUM.items() if isinstance(optimizer, kind)), None)
        if setting is None:
            raise UserError(
                f"{where}.schedule.momentum_max: {type(optimizer).__name__} has no momentum that can "
                f"cycle; use SGD, Adam or AdamW, or remove momentum_base and momentum_max"
            )
        setattr(optimizer, setting, Momentum(schedule["momentum_max"], Segments(turned), optimizer))


def rate_segments(schedule, learning_rate, warmup_epochs, steps_per_epoch, epochs):
    """Return the segments of the learning rate of a training.

    Parameters
    ----------
    schedule : dict or None
    warmup_epochs, steps_per_epoch, epochs : int
        All as for :func:`install_schedule`.
    learning_rate : float
        The optimizer's own, which schedules without lr_max start from.

    Returns
    -------
    list of Segment

    Raises
    ------
    ValueError
        Its message begins with the key that is wrong.
    """
    schedule = _complete(schedule)
    warm, tail = _lengths(schedule, warmup_epochs, steps_per_epoch, epochs)
    end = steps_per_epoch * epochs - tail
    chain = _main(schedule, learning_rate, warm, end, steps_per_epoch)
    if warm:
        chain.insert(0, Segment(0, -1, warm - 1, 0.0, chain[0].first))
    if tail:
        low = schedule["lr_init"]
        chain.append(Segment(end, end, end + tail, low, low / 10))
    return chain


def momentum_segments(schedule, warmup_epochs, steps_per_epoch, epochs):
    """Return the segments of the momentum as :func:`rate_segments` does, or None where it does not change."""
    if not (schedule or {}).get("momentum_max"):
        return None
    schedule = _complete(schedule)
    warm, tail = _lengths(schedule, warmup_epochs, steps_per_epoch, epochs)
    low, high, base = schedule["lr_init"], schedule["lr_max"], schedule["momentum_base"]
    end = steps_per_epoch * epochs - tail
    top = schedule["momentum_max"]

    def turn(rate):
        return top - (top - base) * min(max((rate - low) / (high - low), 0), 1)

    chain = [
        segment._replace(first=turn(segment.first), last=turn(segment.last))
        for segment in _main(schedule, low, warm, end, steps_per_epoch)
    ]
    return [*chain, *([Segment(end, end, end + tail, top, top)] if tail else [])]


def _complete(schedule):
    given = {key: value for key, value in (schedule or {"kind": "constant"}).items() if value is not None}
    schedule = {**DEFAULTS, **given}
    if schedule["kind"] in ("cyclic", "one_cycle"):
        if not schedule.get("lr_max"):
            raise ValueError("schedule.lr_max: missing; write it, or from_range_test: true")
        schedule.setdefault("lr_init", schedule["lr_max"] * INIT_SHARE)
    return schedule


def _lengths(schedule, warmup_epochs, steps_per_epoch, epochs):
    """Return the steps of warm-up and tail."""
    if warmup_epochs + schedule["tail_epochs"] >= epochs:
        key = "schedule.tail_epochs" if schedule["tail_epochs"] else "warmup_epochs"
        taken = warmup_epochs + schedule["tail_epochs"]
        raise ValueError(f"{key}: warm-up and tail take {taken} of {epochs} epochs; leave at least one")
    return warmup_epochs * steps_per_epoch, schedule["tail_epochs"] * steps_per_epoch


def _main(schedule, rate, start, end, steps_per_epoch):
    """Return the segments between warm-up and tail, steps `start` to `end`."""
    kind, final = schedule["kind"], schedule["lr_final"]
    if kind == "constant":
        return [Segment(start, start, end, rate, rate)]
    if kind == "exponential":
        fall = math.log(schedule["decay_per_epoch"]) * (end - start) / steps_per_epoch
        return [Segment(start, start, end, rate, fall, "exponential")]
    if kind == "cosine":
        return [Segment(start, start, end, rate, final or 0.0, "cosine")]
    low, high = schedule["lr_init"], schedule["lr_max"]
    if kind == "one_cycle":
        top = start + schedule["peak"] * (end - start)
        final = low * FINAL_SHARE if final is None else final
        return [
            Segment(start, start, top, low, high, "cosine"),
            Segment(top, top, end, high, final, "cosine"),
        ]
    half = (end - start) / (2 * schedule["cycles"])
    if half < 1:
        raise ValueError(
            f"schedule.cycles: {schedule['cycles']:g} are too many for {end - start} steps, as each takes at "
            "least two; lower it"
        )
    chain = []
    for number in range(math.ceil(2 * schedule["cycles"])):
        halved = 0 if schedule["scale"] == "triangular" else number // 2
        height = math.ldexp(high - low, -halved)
        ends = (low, low + height) if number % 2 == 0 else (low + height, low)
        begin = start + number * half
        chain.append(Segment(begin, begin, begin + half, *ends))
    return chain
