"""The learning-rate range test: how the loss goes while the rate rises (Smith 2017, arXiv:1506.01186)."""

import logging
import math

import keras
import numpy as np
import pandas as pd

from motifloom.errors import UserError
from motifloom.models.augment import Augmentation
from motifloom.models.feed import count_steps
from motifloom.models.schedules import INIT_SHARE, Segment, Segments
from motifloom.models.settings import fit_arguments
from motifloom.models.spec import read_spec
from motifloom.models.training import fit, prepared_network, rescaling, select_examples
from motifloom.parameters import OUTSIDE_RANGE_TEST, RANGE_TEST

logger = logging.getLogger(__name__)

# Settings of a spec's training that a range test does not use.
UNUSED = ("steps_per_epoch", "validation_freq")
FEWEST_STEPS = 100
FEWEST_LOSSES = 10  # of which something can be said
# The loss has diverged when it is this far above the lowest, in units of the lowest.
DIVERGED = 3
# The smoothed loss is at its lowest level while it is no more than this above it, in units of its fall.
LEVEL = 0.05
# lr_max, in units of the rate at which the loss leaves that level, where learning breaks down.
MARGIN = 0.1
# A lowest loss that is no more than this below the first, in units of the first, is no fall.
LEAST_FALL = 0.01


def range_test(spec, dataset, parts, *, seed=0, training=None, where=None, path="training", start_from=None):
    """Train a network with a rate that rises exponentially from step to step, and note the loss.

    Parameters
    ----------
    spec, dataset, parts, where, path, start_from
        As in :func:`motifloom.models.training.train`.
    seed : int
        On one machine the same seed and threads give the same losses.
    training : dict, optional
        Training options. `range_test` has min, max, epochs and smoothing. Optimizer, loss, batches, class
        weights and augmentation are those of the training itself, schedules and callbacks are not used.

    Returns
    -------
    table : pandas.DataFrame
        step (from 1), learning_rate, loss (of the step's batch), smoothed_loss. It ends where the loss
        diverges.
    suggestion : dict
        See :func:`suggest_rates`, with `diverged`.
    """
    training = {key: value for key, value in (training or {}).items() if key not in OUTSIDE_RANGE_TEST}
    options = {**RANGE_TEST, **(training.pop("range_test", None) or {})}
    where = where or ("spec" if isinstance(spec, dict) else str(spec))
    told = {"training": training, "where": where, "path": path}
    spec = _bare(read_spec(spec, where))
    model, spec, _ = prepared_network(spec, dataset, seed=seed, start_from=start_from, **told)
    examples = select_examples(dataset, parts)
    rows = examples["train"][0]
    examples["validation"] = (rows[:0], examples["train"][1][:0])
    batch = fit_arguments(spec, dataset.task, len(dataset.target_names), where)["batch_size"]
    steps = count_steps(len(rows), batch, Augmentation.of(training))
    epochs = options["epochs"] or math.ceil(FEWEST_STEPS / steps)
    rising = Rising(options["min"], options["max"], options["smoothing"])
    fit(
        model,
        spec,
        dataset.tokens,
        examples,
        task=dataset.task,
        alphabet=dataset.alphabet,
        options={**training, "epochs": epochs},
        weights=getattr(dataset, "weights", None),
        seed=seed,
        where=where,
        path=path,
        callbacks=[rising],
        log_epochs=False,
    )
    table, advice = rising.table(), rescaling(*examples["train"], getattr(dataset, "weights", None))
    if len(table) < FEWEST_LOSSES and advice:
        raise UserError(f"{path}.range_test: the loss diverged after {len(table)} steps; {advice}")
    suggestion = {**suggest_rates(table, path), "diverged": rising.diverged}
    _log(suggestion, len(table))
    return table, suggestion


def _bare(spec):
    """Return a spec without what a range test does not use; every step, looked at, is a call of its own."""
    compiled = {key: value for key, value in spec["compile"].items() if "metrics" not in key}
    fitted = {key: value for key, value in spec["training_params"].items() if key not in UNUSED}
    compiled |= {"metrics": [], "steps_per_execution": 1}
    return {**spec, "compile": compiled, "training_params": fitted, "callbacks": {}}


class Rising(keras.callbacks.Callback):
    """Let the rate rise exponentially over a training, note every batch's loss, and stop when it diverges.

    Parameters
    ----------
    low, high : float
        Rates of the first and the last step.
    smoothing : float
        Weight of the past in the smoothed loss, by which divergence is judged.
    """

    def __init__(self, low, high, smoothing):
        super().__init__()
        self.low, self.high, self.smoothing = low, high, smoothing
        self.losses, self.diverged = [], False
        self._mean, self._lowest = 0.0, math.inf

    def on_train_begin(self, logs=None):
        """Set the optimizer's schedule."""
        self.steps = self.params["steps"] * self.params["epochs"]
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        last = max(self.steps - 1, 1)
        rise = math.log(self.high / self.low)
        self.schedule = Segments([Segment(0, 0, last, self.low, rise, "exponential")])
        optimizer.learning_rate = self.schedule

    def on_train_batch_begin(self, batch, logs=None):
        """Forget the batches before, over which Keras would take the mean."""
        self.model.reset_metrics()

    def on_train_batch_end(self, batch, logs=None):
        """Note the loss of a batch."""
        loss = float(logs["loss"])
        if math.isfinite(loss):
            self.losses.append(loss)
            self._mean = self.smoothing * self._mean + (1 - self.smoothing) * loss
            mean = self._mean / (1 - self.smoothing ** len(self.losses))
            self._lowest = min(self._lowest, mean)
            self.diverged = mean - self._lowest > DIVERGED * abs(self._lowest)
        else:
            self.diverged = True
            self.model.reset_metrics()  # an infinite loss is what is looked for here, and no failure
        if self.diverged:
            self.model.stop_training = True

    def table(self):
        """Return the losses as :func:`range_test` does."""
        steps = len(self.losses)
        return pd.DataFrame(
            {
                "step": np.arange(1, steps + 1),
                "learning_rate": self.schedule.values(steps),
                "loss": self.losses,
                "smoothed_loss": smooth(np.array(self.losses), self.smoothing),
            }
        )


def smooth(values, weight):
    """Return exponentially weighted means over both sides of each value, which does not shift them.

    Parameters
    ----------
    values : float64 (n,)
    weight : float
        Of the neighbour in units of the value itself, of the neighbour's neighbour in those of it, ...

    Returns
    -------
    float64 (n,)
    """
    sums = np.zeros((2, 2, len(values)))
    for side, order in enumerate((slice(None), slice(None, None, -1))):
        run = np.zeros(2)
        for place, value in enumerate(values[order]):
            run = weight * run + (value, 1)
            sums[side, :, order][:, place] = run
    total = sums.sum(axis=0) - np.stack([values, np.ones(len(values))])  # each value itself was counted twice
    return total[0] / total[1]


def suggest_rates(table, where="training"):
    """Return the rates that a range test suggests for a cyclic or one-cycle schedule.

    `learning_rate_max` is a tenth of the rate at which the smoothed loss leaves its lowest level: the last
    rate, going up from that of the lowest loss, at which it is no more than a twentieth of its fall above it.
    (fastai, Howard and Gugger 2020, takes a tenth of the rate of the lowest loss, which in a flat valley may
    be any rate.) `learning_rate_init` is a twentieth of that, as cnn_pipeline advises.

    Parameters
    ----------
    table : pandas.DataFrame
        See :func:`range_test`.
    where : str
        What to call the training options in messages.

    Returns
    -------
    dict
        learning_rate_max, learning_rate_init, learning_rate_at_lowest_loss, learning_rate_at_rise,
        first_loss and lowest_loss (smoothed), steps, and fell: whether the loss fell at all, by a hundredth
        of the first or more, and the suggested rate is not below all that were tried (as where it is lowest
        in the first steps, by chance).

    Raises
    ------
    UserError
        If the test has fewer than 10 steps.
    """
    if len(table) < FEWEST_LOSSES:
        raise UserError(
            f"{where}.range_test: the loss diverged, or the test ended, after {len(table)} steps; "
            "lower min, or raise epochs"
        )
    rate, loss = table["learning_rate"].to_numpy(), table["smoothed_loss"].to_numpy()
    lowest = int(loss.argmin())
    above = loss[lowest:] > loss[lowest] + LEVEL * (loss[0] - loss[lowest])
    rise = lowest + (int(above.argmax()) if above.any() else len(above)) - 1
    return {
        "learning_rate_max": rate[rise] * MARGIN,
        "learning_rate_init": rate[rise] * MARGIN * INIT_SHARE,
        "learning_rate_at_lowest_loss": rate[lowest],
        "learning_rate_at_rise": rate[rise],
        "first_loss": loss[0],
        "lowest_loss": loss[lowest],
        "fell": bool(loss[0] - loss[lowest] >= LEAST_FALL * abs(loss[0]) and rate[rise] * MARGIN >= rate[0]),
        "steps": len(table),
    }


def _log(suggestion, steps):
    end = "where the loss diverged" if suggestion["diverged"] else "the end of the range"
    high, low = suggestion["learning_rate_max"], suggestion["learning_rate_init"]
    logger.info("%d steps to %s; suggested: lr_max %.3g, lr_init %.3g", steps, end, high, low)
    if not suggestion["fell"]:
        logger.warning("the loss hardly fell at any rate: the suggestion means little; look at the curve")


def with_rates(training, suggestion, where="training"):
    """Return training options whose schedule has the rates of a range test.

    Parameters
    ----------
    training : dict
        With a schedule that says from_range_test.
    suggestion : dict
        See :func:`suggest_rates`.
    where : str
        What to call the training options in messages.

    Raises
    ------
    UserError
        If the loss did not fall in the test.
    """
    if not suggestion["fell"]:
        raise UserError(
            f"{where}.schedule.from_range_test: the loss fell at no rate of the range test; look at "
            f"range_test.svg, change {where}.range_test, or write lr_max instead"
        )
    rates = {"lr_max": suggestion["learning_rate_max"], "lr_init": suggestion["learning_rate_init"]}
    return {**training, "schedule": {**training["schedule"], **rates}}
