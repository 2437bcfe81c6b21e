import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from motifloom.errors import UserError
from motifloom.models.predict import load_model
from motifloom.models.schedules import Segment, Segments, install_schedule, momentum_segments, rate_segments
from motifloom.models.spec import build_model, check_spec

SIZES = {"steps_per_epoch": 10, "epochs": 4}
CYCLIC = {"kind": "cyclic", "lr_init": 0.1, "lr_max": 1.0, "cycles": 2, "tail_epochs": 1}
MOMENTA = {"momentum_base": 0.8, "momentum_max": 0.95}


def course(schedule, warmup_epochs=0, steps_per_epoch=10, epochs=4):
    """Return the rate of every step."""
    chain = rate_segments(schedule, 0.5, warmup_epochs, steps_per_epoch, epochs)
    return Segments(chain).values(epochs * steps_per_epoch)


def momenta(schedule, warmup_epochs=0):
    """Return the momentum of every step, or None where it does not change."""
    chain = momentum_segments(schedule, warmup_epochs, *SIZES.values())
    return None if chain is None else Segments(chain).values(40)


# --- values by hand --------------------------------------------------------------------------------


def test_constant():
    assert course(None).tolist() == course({"kind": "constant"}).tolist() == [0.5] * 40


def test_exponential_falls_by_its_factor_every_epoch():
    values = course({"kind": "exponential", "decay_per_epoch": 0.5})
    np.testing.assert_allclose(values[::10], [0.5, 0.25, 0.125, 0.0625])
    assert values[5] == pytest.approx(0.5 * 0.5**0.5)
    assert course({"kind": "exponential", "decay_per_epoch": None})[10] == pytest.approx(0.5 * 0.95)


def test_an_exponential_rate_that_ends_below_all_numbers_falls_evenly_until_there():
    schedule = {"kind": "exponential", "decay_per_epoch": 0.1}
    values = course(schedule, steps_per_epoch=2, epochs=400)
    np.testing.assert_allclose(values[:20], 0.5 * 0.1 ** (np.arange(20) / 2))
    chain = Segments(rate_segments(schedule, 0.5, 0, 2, 400))
    found = [float(chain(tf.constant(step))) for step in (0, 1, 2, 40, 799)]
    assert found == pytest.approx([0.5, 0.5 * 0.1**0.5, 0.05, 0.5e-20, 0.0], rel=1e-6)


def test_cosine():
    values = course({"kind": "cosine"})
    assert values[[0, 20]].tolist() == pytest.approx([0.5, 0.25])
    assert values[39] == pytest.approx(0.25 * (1 + math.cos(math.pi * 39 / 40)))
    assert course({"kind": "cosine", "lr_final": 0.1})[20] == pytest.approx(0.3)


def test_triangles_and_their_tail():
    # Two cycles over 30 steps: 7.5 steps up, 7.5 steps down; then 10 steps from 0.1 towards 0.01.
    values = course(CYCLIC | {"scale": "triangular"})
    assert values[[0, 1, 7, 8, 15, 16]].tolist() == pytest.approx([0.1, 0.22, 0.94, 0.94, 0.1, 0.22])
    np.testing.assert_allclose(values[30:], 0.1 - 0.009 * np.arange(10))


def test_triangular2_halves_the_next_cycle():
    values = course(CYCLIC)
    assert values[[1, 7, 16, 22]].tolist() == pytest.approx([0.22, 0.94, 0.16, 0.52])
    assert course(CYCLIC | {"scale": "triangular2"}).tolist() == values.tolist()


def test_a_part_of_a_cycle():
    values = course({"kind": "cyclic", "lr_init": 0.1, "lr_max": 1.0, "cycles": 0.5})
    np.testing.assert_allclose(values, 0.1 + 0.9 * np.arange(40) / 40)


def test_one_cycle():
    values = course({"kind": "one_cycle", "lr_max": 1.0, "peak": 0.25})
    assert values[[0, 5, 10, 25]].tolist() == pytest.approx([0.05, 0.525, 1.0, (1 + 5e-6) / 2])
    assert values[39] == pytest.approx(5e-6 + (1 - 5e-6) * (1 + math.cos(math.pi * 29 / 30)) / 2)
    assert values.argmax() == 10


def test_warm_up_rises_to_where_the_schedule_begins():
    values = course({"kind": "exponential", "decay_per_epoch": 0.5}, warmup_epochs=1)
    np.testing.assert_allclose(values[:11], 0.05 * np.array([*range(1, 11), 10]))
    assert values[20] == pytest.approx(0.25)
    cyclic = course(CYCLIC, warmup_epochs=1)
    np.testing.assert_allclose(cyclic[:11], 0.01 * np.array([*range(1, 11), 10]))
    assert cyclic[15] == pytest.approx(1.0)


def test_momentum_goes_the_other_way():
    values = momenta(CYCLIC | MOMENTA)
    turned = 0.95 - 0.15 * (course(CYCLIC)[:30] - 0.1) / 0.9
    np.testing.assert_allclose(values[:30], turned)
    np.testing.assert_allclose(values[30:], 0.95)
    one = momenta({"kind": "one_cycle", "lr_max": 1.0, "peak": 0.25} | MOMENTA)
    assert one[[0, 10, 25]].tolist() == pytest.approx([0.95, 0.8, 0.875])
    assert momenta(CYCLIC) is None


# --- in the training step --------------------------------------------------------------------------

SCHEDULES = [
    {"kind": "exponential"},
    {"kind": "cosine"},
    CYCLIC | MOMENTA,
    {"kind": "one_cycle", "lr_max": 1.0} | MOMENTA,
]


class Recording(keras.optimizers.SGD):
    """SGD that notes the rate and the momentum of every step, where they are used."""

    def build(self, variables):
        super().build(variables)
        self.seen = tf.Variable(tf.zeros((100, 2)), trainable=False)

    def update_step(self, gradient, variable, learning_rate):
        now = tf.stack([tf.cast(learning_rate, tf.float32), tf.cast(self.momentum, tf.float32)])
        self.seen.scatter_nd_update([[self._iterations.value]], now[None])
        super().update_step(gradient, variable, learning_rate)


def fall(optimizer, schedule, **options):
    """Train one weight, whose gradient is 1 in every step, with 16 steps in one call."""
    x = np.ones((40, 1), np.float32)
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((1,)), dense])
    model.compile(optimizer, loss=lambda truth, scores: scores, steps_per_execution=16)
    install_schedule(model, schedule, **{**SIZES, **options})
    model.fit(x, x, batch_size=4, epochs=4, verbose=0)
    return float(model.get_weights()[0][0, 0])


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: s["kind"])
@pytest.mark.parametrize("warmup_epochs", [0, 1])
def test_every_step_has_its_rate_and_momentum(schedule, warmup_epochs):
    optimizer = Recording(0.5, momentum=0.9)
    weight = fall(optimizer, schedule, warmup_epochs=warmup_epochs)
    seen = optimizer.seen.numpy()[:40]
    expected = course(schedule, warmup_epochs=warmup_epochs)
    turned = momenta(schedule, warmup_epochs)
    turned = np.full(40, 0.9) if turned is None else turned
    np.testing.assert_allclose(seen[:, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(seen[:, 1], turned, rtol=1e-6)
    by_hand = speed = 0.0
    for rate, momentum in zip(expected, turned, strict=True):
        speed = momentum * speed - rate
        by_hand += speed
    assert weight == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("kind", [keras.optimizers.Adam, keras.optimizers.AdamW])
def test_beta_1_of_adam_follows_the_schedule(kind):
    weight = fall(
        kind(0.5, **({"weight_decay": 0.0} if kind is keras.optimizers.AdamW else {})), SCHEDULES[2]
    )
    by_hand = mean = square = 0.0
    pairs = zip(course(SCHEDULES[2]), momenta(SCHEDULES[2]), strict=True)
    for step, (rate, beta) in enumerate(pairs, 1):
        mean += (1 - mean) * (1 - beta)
        square += (1 - square) * 0.001
        scale = rate * math.sqrt(1 - 0.999**step) / (1 - beta**step)
        by_hand -= scale * mean / (math.sqrt(square) + 1e-7)
    assert weight == pytest.approx(by_hand, rel=1e-4)


def test_loss_scaling_leaves_the_schedule_alone():
    inner = Recording(0.5, momentum=0.9)
    fall(keras.optimizers.LossScaleOptimizer(inner), CYCLIC | MOMENTA)
    np.testing.assert_allclose(inner.seen.numpy()[:40, 0], course(CYCLIC), rtol=1e-6)


def test_the_graph_computes_what_the_array_has_and_ends_with_the_last_value():
    chain = Segments(
        [
            Segment(0, -1, 3, 0.0, 1.0),
            Segment(4, 4, 9.5, 1.0, 0.25, "cosine"),
            Segment(9.5, 9.5, 20, 0.25, math.log(1e-3 / 0.25), "exponential"),
        ]
    )
    found = [float(chain(tf.constant(step, tf.int64))) for step in range(25)]
    np.testing.assert_allclose(found, chain.values(25), rtol=1e-6)
    assert found[-1] == pytest.approx(1e-3)
    again = Segments.from_config(chain.get_config())
    np.testing.assert_array_equal(again.values(25), chain.values(25))


def test_a_network_with_a_schedule_is_saved_and_loaded(spec, sizes, tmp_path):
    model = build_model(spec, **sizes)
    install_schedule(model, CYCLIC | MOMENTA, **SIZES)
    model.save(tmp_path / "m.keras")
    optimizer = load_model(tmp_path / "m.keras").optimizer
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    assert optimizer.beta_1 == 0.95


# --- what cannot be --------------------------------------------------------------------------------


def test_nothing_is_changed_without_a_schedule(spec, sizes):
    model = build_model(spec, **sizes)
    for schedule in (None, {"kind": "constant"}):
        install_schedule(model, schedule, **SIZES)
    assert isinstance(model.optimizer._learning_rate, keras.Variable)


@pytest.mark.parametrize(
    ("optimizer", "schedule", "options", "message"),
    [
        ("SGD", CYCLIC, {"warmup_epochs": 3}, "tail_epochs: warm-up and tail take 4 of 4 epochs; leave"),
        ("SGD", None, {"warmup_epochs": 4}, "training.warmup_epochs: warm-up and tail take 4 of 4"),
        ("SGD", {"kind": "cyclic"}, {}, "schedule.lr_max: missing; write it, or from_range_test: true"),
        ("RMSprop", CYCLIC | MOMENTA, {}, "momentum_max: RMSprop has no momentum that can cycle; use SGD"),
    ],
)
def test_what_cannot_be_is_told(spec, sizes, optimizer, schedule, options, message):
    spec["compile"]["optimizer"] = optimizer
    with pytest.raises(UserError, match=message):
        install_schedule(build_model(spec, **sizes), schedule, **SIZES, **options)


def test_a_cycle_takes_two_steps_and_may_be_too_low_for_a_number(spec, sizes):
    schedule = {"kind": "cyclic", "lr_init": 0.25, "lr_max": 1.25, "cycles": 1200}
    values = course(schedule, steps_per_epoch=1200, epochs=2)
    np.testing.assert_array_equal(values[:8], [0.25, 1.25, 0.25, 0.75, 0.25, 0.5, 0.25, 0.375])
    np.testing.assert_array_equal(values[-2:], 0.25)
    path = "experiments.e.training"
    with pytest.raises(
        UserError,
        match=rf"^{path}\.schedule\.cycles: 1200 are too many for 2399 steps, as each takes at least",
    ):
        install_schedule(build_model(spec, **sizes), schedule, steps_per_epoch=2399, epochs=1, where=path)
    check_spec(spec, **sizes, training={"schedule": schedule})  # the steps are not known yet


def test_two_schedules_are_refused(spec, sizes):
    decay = {"class_name": "ExponentialDecay", "config": {}}
    decay["config"] = {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5}
    spec["compile"]["optimizer"]["config"]["learning_rate"] = decay
    with pytest.raises(UserError, match="learning_rate is a schedule already; write a number there"):
        install_schedule(build_model(spec, **sizes), {"kind": "cosine"}, **SIZES)


def test_messages_name_the_experiment(spec, sizes):
    path = "experiments.e.training"
    with pytest.raises(UserError, match=rf"^{path}\.warmup_epochs: warm-up and tail take 4 of 4"):
        install_schedule(build_model(spec, **sizes), None, warmup_epochs=4, **SIZES, where=path)
