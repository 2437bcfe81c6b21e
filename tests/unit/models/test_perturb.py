import keras
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.filters.importance import Measure, filter_importance, group_importance
from motifloom.models import channels, perturb
from motifloom.models.filters import scanning_layers
from motifloom.models.layers import (
    AttentionPooling,
    DoubleStrandedConv1D,
    HigherOrderOneHot,
    LocalAveragePooling1D,
    OneHot,
    ReverseComplement,
)
from motifloom.models.perturb import Outcome, Perturbation
from motifloom.models.predict import predict
from motifloom.models.routes import find_plan
from motifloom.randomness import generator

layers = keras.layers
N, LENGTH = 23, 24


def compiled(tokens, output, loss="binary_crossentropy"):
    """Return a compiled model whose weights, those of normalisations too, are all random."""
    model = keras.Model(tokens, output)
    rng = np.random.default_rng(5)
    for weight in model.weights:
        if weight.dtype == "float32":
            scale = 1.0 if len(weight.shape) == 1 else 1.5 / np.sqrt(np.prod(weight.shape[:-1]))
            values = rng.normal(0, scale, weight.shape)
            weight.assign(np.abs(values) + 0.5 if "variance" in weight.name else values)
    model.compile("sgd", loss)
    return model


def start():
    tokens = keras.Input((LENGTH,), dtype="uint8")
    return tokens, OneHot(4)(tokens)


def chain(*rest, scan=None, loss="binary_crossentropy"):
    tokens, tensor = start()
    for layer in [scan or layers.Conv1D(5, 4, activation="relu"), *rest]:
        tensor = layer(tensor)
    return compiled(tokens, tensor, loss)


def end(units=1, activation="sigmoid"):
    return layers.GlobalMaxPooling1D(), layers.Dense(units, activation)


def convolutions():
    scan = layers.Conv1D(5, 4, strides=2, activation="relu")
    second = layers.Conv1D(6, 3, padding="same", strides=2, activation="tanh")
    return chain(layers.Dropout(0.2), layers.MaxPooling1D(2, padding="same"), second, *end(), scan=scan)


def dilated():
    scan = layers.Conv1D(5, 3, dilation_rate=3, padding="causal", use_bias=False)
    second = layers.Conv1D(6, 3, padding="causal", dilation_rate=2, use_bias=False)
    return chain(layers.BatchNormalization(), layers.LeakyReLU(0.1), second, *end(), scan=scan)


def valid_convolutions():
    prelu, pool = layers.PReLU(shared_axes=[1]), layers.AveragePooling1D(3, strides=1)
    plain = layers.BatchNormalization(scale=False, center=False)
    return chain(prelu, plain, pool, layers.Conv1D(4, 3, strides=2, dilation_rate=1), *end())


def flattened():
    scan = layers.Conv1D(5, 4, padding="same")
    shape = layers.ZeroPadding1D(1), layers.Cropping1D((0, 1)), layers.UpSampling1D(2)
    return chain(
        layers.PReLU(), *shape, layers.Flatten(), layers.ReLU(), layers.Dense(4, "relu"), layers.Dense(1),
        scan=scan, loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )  # fmt: skip


def normalised_flat():
    flat = layers.Flatten(), layers.BatchNormalization()
    return chain(*flat, layers.Dense(3, "elu"), layers.Dense(1, "sigmoid"))


def averaged():
    pool, flat = layers.GlobalAveragePooling1D(), layers.Flatten()
    plus, normal = layers.Activation("softplus"), layers.BatchNormalization()
    return chain(plus, pool, normal, flat, layers.Dense(1, "sigmoid"))


def dense_positions():
    return chain(layers.Dense(6, "relu"), layers.Softmax(axis=1), *end())


def recurrent():
    return chain(
        layers.MaxPooling1D(3), layers.Bidirectional(layers.SimpleRNN(3)), layers.Dense(1, "sigmoid")
    )


def separable():
    rest = layers.LayerNormalization(), layers.SeparableConv1D(4, 3)
    return chain(*rest, *end(), scan=layers.Conv1D(5, 4, activation="exponential"))


def nothing_after():
    return chain(layers.GlobalAveragePooling1D(), scan=layers.Conv1D(1, 4, activation="sigmoid"))


def branches():
    """Two widths; one branch is pooled in two ways and read by a gate."""
    tokens, tensor = start()
    tensor = layers.SpatialDropout1D(0.1)(tensor)
    wide = layers.Conv1D(4, 7, padding="same", name="wide")(tensor)
    wide = layers.ReLU()(layers.BatchNormalization()(wide))
    short = layers.Conv1D(3, 3, padding="same", activation="relu", name="short")(tensor)
    joined = layers.Concatenate()([wide, short, layers.AveragePooling1D(3, 1, "same")(wide)])
    pooled = layers.GlobalMaxPooling1D()(layers.Conv1D(5, 3, activation="relu")(joined))
    both = layers.Concatenate()([pooled, layers.GlobalMaxPooling1D()(short)])
    hidden = layers.Dense(4, "elu")(both)
    return compiled(tokens, layers.Dense(1, "sigmoid")(layers.BatchNormalization()(hidden)))


def pooled_branches():
    """The network of the tutorial: only concatenated maxima reach the first dense layer."""
    tokens, tensor = start()
    ends = [
        layers.GlobalMaxPooling1D()(layers.Conv1D(3, width, activation="relu", name=f"w{width}")(tensor))
        for width in (3, 5)
    ]
    return compiled(tokens, layers.Dense(1, "sigmoid")(layers.Concatenate()(ends)))


def attention():
    tokens, tensor = start()
    tensor = layers.Conv1D(4, 5, padding="same", activation="relu")(tensor)
    weights = layers.Softmax(axis=1)(layers.Dense(1, "tanh")(tensor))
    tensor = layers.GlobalMaxPooling1D()(layers.Multiply()([tensor, weights]))
    return compiled(tokens, layers.Dense(1, "sigmoid")(tensor))


def transformer():
    tokens, tensor = start()
    tensor = layers.MaxPooling1D(2)(layers.Conv1D(4, 5, padding="same", activation="gelu")(tensor))
    mixed = layers.MultiHeadAttention(2, 3)(tensor, tensor)
    tensor = layers.LayerNormalization()(layers.Add()([tensor, mixed]))
    tensor = tensor + layers.Conv1D(4, 3, padding="same", activation="relu")(tensor)
    return compiled(tokens, layers.Dense(1, "sigmoid")(layers.Flatten()(tensor)))


def residual():
    tokens, tensor = start()
    tensor = layers.Conv1D(4, 5, padding="same", activation="relu")(tensor)
    deeper = layers.Conv1D(4, 3, padding="same", activation="relu")(tensor)
    tensor = keras.ops.exp(-layers.Add()([tensor, deeper]))
    backwards = keras.ops.flip(OneHot(4)(tokens), axis=1)
    other = layers.Conv1D(4, 3, activation="relu", name="other")(backwards)
    joined = layers.Concatenate()([layers.GlobalMaxPooling1D()(x) for x in (tensor, other)])
    return compiled(tokens, layers.Dense(1, "sigmoid")(joined))


def both_strands():
    """One scanning layer reads the sequence and its reverse complement."""
    tokens, tensor = start()
    scan = layers.Conv1D(4, 5, activation="relu")
    ends = [layers.GlobalMaxPooling1D()(scan(x)) for x in (tensor, keras.ops.flip(tensor, axis=(1, 2)))]
    return compiled(tokens, layers.Dense(1, "sigmoid")(layers.Maximum()(ends)))


def siamese():
    """The same by layers of ours: the network reads both strands and takes the larger answer."""
    tokens, tensor = start()
    scan, dense = layers.Conv1D(4, 5, activation="relu"), layers.Dense(1, "sigmoid")
    ends = [dense(layers.GlobalMaxPooling1D()(scan(x))) for x in (tensor, ReverseComplement()(tensor))]
    return compiled(tokens, layers.Maximum()(ends))


def larger_strand():
    scan = DoubleStrandedConv1D(5, 4, activation="relu", padding="same")
    rest = layers.BatchNormalization(), layers.MaxPooling1D(2), layers.Conv1D(4, 3, activation="tanh")
    return chain(*rest, *end(), scan=scan)


def mean_strand():
    scan = DoubleStrandedConv1D(5, 4, merge="mean", activation="elu", strides=2, use_bias=False)
    return chain(LocalAveragePooling1D(3), layers.Flatten(), layers.Dense(1, "sigmoid"), scan=scan)


def joined_strands():
    scan = DoubleStrandedConv1D(3, 4, merge="concat", activation="relu", dilation_rate=2)
    rest = layers.BatchNormalization(), layers.MaxPooling1D(2), layers.Flatten()
    return chain(*rest, layers.Dense(3, "relu"), layers.Dense(1, "sigmoid"), scan=scan)


def strands_apart():
    scan = DoubleStrandedConv1D(5, 4, merge="none")
    rest = layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D([3, 1])
    return chain(*rest, layers.GlobalAveragePooling2D(), layers.Dense(1, "sigmoid"), scan=scan)


def strands_folded():
    scan = DoubleStrandedConv1D(2, 4, merge="none", activation="tanh")
    return chain(layers.Reshape((21, 4)), layers.Conv1D(3, 3), *end(), scan=scan)


def both_strands_to_the_end():
    deeper = DoubleStrandedConv1D(4, 3, complement="strands", activation="relu")
    return chain(
        deeper, AttentionPooling(pool="sum"), *end()[1:], scan=DoubleStrandedConv1D(3, 4, merge="concat")
    )


def multiscale():
    """Parallel widths with attention of their own, one of them on both strands, and words beside them."""
    tokens, tensor = start()
    ends = [AttentionPooling()(layers.Conv1D(3, 5, activation="relu")(HigherOrderOneHot(4, 2)(tokens)))]
    kinds = {3: layers.Conv1D, 7: layers.Conv1D, 6: DoubleStrandedConv1D}
    for width, kind in kinds.items():
        values = kind(3, width, padding="same", name=f"w{width}")(tensor)
        values = layers.Dropout(0.2)(layers.ReLU()(layers.BatchNormalization()(values)))
        ends.append(AttentionPooling(name=f"attention_{width}")(values))
    hidden = layers.BatchNormalization()(layers.Dense(5, "relu")(layers.Concatenate()(ends)))
    return compiled(tokens, layers.Dense(1, "sigmoid")(hidden))


NETWORKS = [
    convolutions, dilated, valid_convolutions, flattened, normalised_flat, averaged, dense_positions,
    recurrent, separable, nothing_after, branches, pooled_branches, attention, transformer, residual,
    both_strands, siamese, larger_strand, mean_strand, joined_strands, strands_apart, strands_folded,
    both_strands_to_the_end, multiscale,
]  # fmt: skip


@pytest.fixture(scope="module")
def tokens():
    rng = np.random.default_rng(0)
    return rng.integers(0, 5, (N, LENGTH), dtype=np.uint8)  # 4 is unknown


@pytest.fixture(params=NETWORKS, ids=lambda make: make.__name__)
def network(request):
    return request.param()


def plain(model, tokens, targets):
    """Return (loss, output) of every sequence of a model as it is."""
    outputs = model(tokens, training=False)
    loss = keras.losses.get(model.loss)
    function = keras.losses.get(loss.name) if isinstance(loss, keras.losses.Loss) else loss
    options = {"from_logits": True} if getattr(loss, "get_config", dict)().get("from_logits") else {}
    return np.asarray(function(targets, outputs, **options)), np.asarray(outputs)


def places(model, names):
    """Yield (name, layer, number) of filters; layers here have no characters that names may not have."""
    for name in names:
        yield name, model.get_layer(name[:-4]), int(name[-3:])


def shuffled(model, tokens, targets, names, iteration, seed):
    """Set the shuffled kernels, compute the whole network, and put the old weights back."""
    weights = model.get_weights()
    for name, layer, number in places(model, names):
        kernel = layer.get_weights()[0]
        cells = kernel[:, :, number].ravel()
        mixed = generator(seed, "importance", name, iteration).permutation(cells)
        kernel[:, :, number] = mixed.reshape(kernel.shape[:2])
        layer.set_weights([kernel, *layer.get_weights()[1:]])
    result = plain(model, tokens, targets)
    model.set_weights(weights)
    return result


def knocked_out(model, tokens, targets, names):
    """Compute the whole network with layers that give the mean for some of their filters."""
    scanning = {layer for _, layer, _ in places(model, names)}
    for layer in scanning:
        outputs, call = [], layer.call
        layer.call = lambda x, outputs=outputs, call=call: outputs.append(call(x)) or outputs[-1]
        model(tokens, training=False)
        means = [np.asarray(x, np.float64).mean(axis=tuple(range(len(x.shape) - 1))) for x in outputs]
        mean = np.mean(means, axis=0).astype(np.float32)
        numbers = [number for _, other, number in places(model, names) if other is layer]
        mask = np.isin(np.arange(len(mean)) % layer.filters, numbers)  # both halves of joined strands
        layer.call = lambda x, call=call, mask=mask, mean=mean: np.where(mask, mean, call(x)).astype(
            "float32"
        )
    results = plain(model, tokens, targets)
    for layer in scanning:
        del layer.call
    return results


def check(found, expected):
    np.testing.assert_allclose(found.loss, expected[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found.scores, expected[1], rtol=1e-5, atol=1e-5)


def binary(n=N):
    return np.random.default_rng(1).integers(0, 2, (n, 1)).astype(np.float32)


# --- equal to the naive way -----------------------------------------------------------------------------


def test_changes_are_those_of_the_whole_network(network, tokens):
    targets = binary()
    made = Perturbation(network, tokens, targets, task="regression")
    before = plain(network, tokens, targets)
    check(made.baseline(), before)
    several = len(scanning_layers(network)) > 1
    units = [[made.filters[0]], made.filters] if several else [made.filters]
    moved = []
    for names, found in zip(units, made.shuffle(units, iterations=2, seed=3), strict=True):
        assert found.loss.shape == (2, N) and found.scores.shape == (2, N, 1)
        for iteration in range(2):
            expected = shuffled(network, tokens, targets, names, iteration, seed=3)
            check(Outcome(found.loss[iteration], found.scores[iteration]), expected)
        moved.append(np.abs(expected[0] - before[0]).max())
    units = [[made.filters[0]], [made.filters[-1]]]
    for names, found in zip(units, made.knockout(units), strict=True):
        expected = knocked_out(network, tokens, targets, names)
        check(Outcome(found.loss[0], found.scores[0]), expected)
        moved.append(np.abs(expected[0] - before[0]).max())
    assert max(moved) > 1e-3


# What a change of the first scanning layer reaches: (layers it only adds to, tensors it is put into).
REACHED = {
    "convolutions": (1, 0), "dilated": (1, 0), "valid_convolutions": (1, 0), "flattened": (1, 0),
    "normalised_flat": (0, 1), "averaged": (1, 0), "dense_positions": (1, 0), "recurrent": (0, 1),
    "separable": (0, 1), "nothing_after": (0, 1), "branches": (1, 0), "pooled_branches": (1, 0),
    "attention": (1, 1), "transformer": (0, 1), "residual": (1, 1), "both_strands": (0, 2),
    "siamese": (2, 0), "larger_strand": (1, 0), "mean_strand": (1, 0), "joined_strands": (1, 0),
    "strands_apart": (1, 0), "strands_folded": (0, 1), "both_strands_to_the_end": (0, 1),
    "multiscale": (0, 1),
}  # fmt: skip


@pytest.mark.parametrize("make", NETWORKS, ids=lambda make: make.__name__)
def test_the_shortest_way_is_found(make):
    model = make()
    plan = find_plan(model, [next(iter(scanning_layers(model).values()))])
    added = [sink for sink in plan.sinks if sink.node]
    assert (len(added), len(plan.sinks) - len(added)) == REACHED[make.__name__]
    again = {node.operation.name for node in plan.tail}
    assert not again & {sink.node.operation.name for sink in added}
    assert not again & {call.operation.name for call in plan.calls}


def test_another_branch_is_not_computed_again():
    model = branches()
    wide, short = (find_plan(model, [model.get_layer(name)]) for name in ("wide", "short"))
    assert [len(plan.sides) for plan in (wide, short)] == [1, 0]
    assert {node.operation.name for node in wide.tail} == {node.operation.name for node in short.tail}


# --- losses and scores of every task --------------------------------------------------------------------

LOSSES = {
    "binary": ("binary", 1, "sigmoid", "binary_crossentropy"),
    "binary, logits": ("binary", 1, None, keras.losses.BinaryCrossentropy(from_logits=True)),
    "focal": ("binary", 1, "sigmoid", keras.losses.BinaryFocalCrossentropy(gamma=1.0)),
    "smoothed": ("multiclass", 3, "softmax", keras.losses.CategoricalCrossentropy(label_smoothing=0.1)),
    "classes, logits": ("multiclass", 3, None, keras.losses.CategoricalCrossentropy(from_logits=True)),
    "labels": ("multilabel", 3, "sigmoid", "binary_crossentropy"),
    "squared": ("regression", 1, None, "mean_squared_error"),
    "huber": ("regression", 2, None, keras.losses.Huber(delta=0.3)),
    "listed": ("regression", 1, "exponential", ["poisson"]),
    "function": ("regression", 2, None, lambda y, p: keras.ops.abs(y - p)),
}


@pytest.mark.parametrize("case", LOSSES)
def test_the_loss_is_the_models_own_and_scores_are_those_of_predict(case, tokens):
    task, width, activation, loss = LOSSES[case]
    rng = np.random.default_rng(1)
    targets = rng.integers(0, 2, (N, width)).astype(np.float32)
    if task == "multiclass":
        targets = np.eye(width, dtype=np.float32)[rng.integers(0, width, N)]
    model = chain(*end(width, activation), loss=loss)
    made = Perturbation(model, tokens, targets, task=task)
    before = made.baseline()
    (shuffle,) = made.shuffle([made.filters], iterations=1, seed=2)
    for found, kernel in ((before, None), (Outcome(shuffle.loss[0], shuffle.scores[0]), made.filters)):
        weights = model.get_weights()
        for name, layer, number in places(model, kernel or []):
            values = layer.get_weights()
            cells = values[0][..., number]
            mixed = generator(2, "importance", name, 0).permutation(cells.ravel())
            values[0][..., number] = mixed.reshape(cells.shape)
            layer.set_weights(values)
        assert found.loss.shape == (N,) and found.scores.shape == (N, width)
        assert found.loss.mean() == pytest.approx(model.evaluate(tokens, targets, verbose=0), rel=1e-5)
        one = model.evaluate(tokens[3:4], targets[3:4], verbose=0)
        assert found.loss[3] == pytest.approx(one, rel=1e-5, abs=1e-6)
        np.testing.assert_allclose(found.scores, predict(model, tokens, task=task, alphabet=None), atol=1e-6)
        model.set_weights(weights)


def test_without_a_loss_that_of_the_task_is_taken(tokens):
    model = chain(*end())
    expected = Perturbation(model, tokens, binary(), task="binary").baseline()
    plain_model = keras.Model(model.inputs, model.outputs)
    found = Perturbation(plain_model, tokens, binary(), task="binary").baseline()
    np.testing.assert_array_equal(found.loss, expected.loss)


# --- nothing but names and seed decides ------------------------------------------------------------------


def outcomes(made, units, seed=3, iterations=5):
    shuffled = made.shuffle(units, iterations=iterations, seed=seed)
    return [np.concatenate([a.loss, b.loss]) for a, b in zip(shuffled, made.knockout(units), strict=True)]


def one_layer(tokens):
    """Return changes of a small network, and units of its filters."""
    scan = layers.Conv1D(5, 4, activation="relu", name="scan")
    model = chain(layers.MaxPooling1D(2), layers.Conv1D(6, 3, activation="relu"), *end(), scan=scan)
    units = [["scan_000"], ["scan_001", "scan_003"], ["scan_002"], ["scan_004"]]
    return Perturbation(model, tokens, binary(len(tokens)), task="binary"), units


def test_a_result_does_not_depend_on_order_or_company(tokens):
    made, units = one_layer(tokens)
    expected = outcomes(made, units)
    for order in ([3, 2, 1, 0], [2]):
        again = outcomes(one_layer(tokens)[0], [units[i] for i in order])
        for number, found in zip(order, again, strict=True):
            np.testing.assert_array_equal(found, expected[number])
    assert np.abs(outcomes(made, units[:1], seed=4)[0] - expected[0]).max() > 1e-3
    more = outcomes(made, units[:1], iterations=7)
    np.testing.assert_allclose(more[0][:5], expected[0][:5], atol=1e-6)


@pytest.mark.parametrize(("held", "step"), [(1, 1), (300, 500), (1, 10**6)])
def test_a_result_does_not_depend_on_how_much_is_computed_at_once(tokens, monkeypatch, held, step):
    made, units = one_layer(tokens)
    expected = outcomes(made, units[:3])
    monkeypatch.setattr(perturb, "HELD", held)
    monkeypatch.setattr(channels, "STEP", step)
    monkeypatch.setattr(channels, "FEW", 4)
    monkeypatch.setattr(channels, "FRONT", 5 * 5 * 21)
    made, _ = one_layer(tokens)
    np.testing.assert_allclose(outcomes(made, units[:3]), expected, atol=2e-6)
    assert all(steps.change.experimental_get_tracing_count() == 1 for steps in made._compiled.values())
    assert all(steps.batch <= 5 for steps in made._compiled.values())


def test_tokens_are_read_from_a_file(tokens, tmp_path):
    import h5py

    model = nothing_after()
    with h5py.File(tmp_path / "tokens.h5", "w") as file:
        stored = file.create_dataset("tokens", data=tokens)
        found = Perturbation(model, stored, binary(), task="binary").baseline()
    expected = Perturbation(model, tokens, binary(), task="binary").baseline()
    np.testing.assert_array_equal(found.loss, expected.loss)


# --- edges ----------------------------------------------------------------------------------------------


def test_a_silent_filter_and_one_sequence(tokens):
    model = chain(*end())
    layer = model.layers[2]
    kernel, bias = layer.get_weights()
    kernel[..., 1], bias[1] = 0, -1
    layer.set_weights([kernel, bias])
    made = Perturbation(model, tokens[:1], binary()[:1], task="binary")
    before = made.baseline()
    (shuffled_outcome,) = made.shuffle([[made.filters[1]]], iterations=3, seed=0)
    (knocked,) = made.knockout([[made.filters[1]]])
    np.testing.assert_allclose(shuffled_outcome.loss, np.tile(before.loss, (3, 1)), atol=1e-6)
    np.testing.assert_allclose(knocked.loss, before.loss[None], atol=1e-6)


def test_names_are_those_of_the_motifs():
    tokens, tensor = start()
    ends = [
        layers.GlobalMaxPooling1D()(layers.Conv1D(2, 3, name=name)(tensor)) for name in ("a-b", "a.b", "c")
    ]
    model = compiled(tokens, layers.Dense(1, "sigmoid")(layers.Concatenate()(ends)))
    made = Perturbation(model, np.zeros((2, LENGTH), np.uint8), binary(2), task="binary")
    assert made.filters == [f"{layer}_00{i}" for layer in ("a_b", "a_b_1", "c") for i in range(2)]
    assert len(list(made.knockout([["a_b_1_001", "c_000"]]))) == 1


def test_a_network_without_scanning_layers_has_nothing_to_change(tokens):
    inputs, tensor = start()
    model = compiled(inputs, layers.Dense(1, "sigmoid")(layers.Flatten()(tensor)))
    made = Perturbation(model, tokens, binary(), task="binary")
    assert made.filters == [] and list(made.shuffle([], iterations=2, seed=0)) == []
    assert made.baseline().loss.shape == (N,)


def test_what_does_not_fit_is_told(tokens):
    model = chain(*end())
    with pytest.raises(UserError, match="sequences of 24 letters, not of 20"):
        Perturbation(model, tokens[:, :20], binary(), task="binary")
    with pytest.raises(ValueError, match=r"targets \(3, 1\) for 23 sequences"):
        Perturbation(model, tokens, binary(3), task="binary")
    with pytest.raises(ValueError, match="0 sequences"):
        Perturbation(model, tokens[:0], binary(0), task="binary")
    with pytest.raises(UserError, match="activation 'softmax'"):
        mixed = chain(*end(), scan=layers.Conv1D(5, 4, activation="softmax"))
        Perturbation(mixed, tokens, binary(), task="binary")
    inputs, tensor = start()
    scan = layers.Conv1D(4, 3, padding="same", name="twice")
    model = compiled(inputs, layers.Dense(1)(layers.GlobalMaxPooling1D()(scan(scan(tensor)))))
    made = Perturbation(model, tokens, binary(), task="regression")
    with pytest.raises(UserError, match="layer twice reads its own output"):
        list(made.shuffle([["twice_000"]], iterations=1, seed=0))


# --- to the end: which filters matter --------------------------------------------------------------------


@pytest.fixture
def reader():
    """A network that reads ATGACTCAG by its third and its sixth filter; the others hear noise, faintly."""
    tokens, tensor = start()
    scan = layers.Conv1D(6, 9, activation="relu", name="scan")
    hidden = layers.Dense(3, "relu")
    output = layers.Dense(1, "sigmoid")
    tensor = output(hidden(layers.GlobalMaxPooling1D()(scan(tensor))))
    model = keras.Model(tokens, tensor)
    model.compile("sgd", "binary_crossentropy")
    rng = np.random.default_rng(2)
    kernel = rng.normal(0, 0.3, (9, 4, 6))
    kernel[:, :, 2] = kernel[:, :, 5] = np.eye(4)[DNA.encode("ATGACTCAG")] * 2 - 0.5
    bias = np.array([0, 0, -8, 0, 0, -8])
    scan.set_weights([kernel, bias])
    first = rng.normal(0, 0.05, (6, 3))
    first[[2, 5]] = [[0.4, 0.6, 0], [0.4, 0.5, 0]]
    hidden.set_weights([first, np.full(3, 0.1)])
    output.set_weights([np.array([[1.0], [1.0], [0.3]]), np.array([-3.0])])
    return model


def measured(model, tokens, targets):
    made = Perturbation(model, tokens, targets, task="binary")
    measure = Measure(made.baseline(), targets, "binary", metrics=["auroc", "log_loss"])
    single, _ = filter_importance(made, made.filters, measure, iterations=5, seed=0)
    groups = {"site": ["scan_002", "scan_005"], "noise": ["scan_000", "scan_001"]}
    return single, group_importance(made, groups, measure, iterations=5, seed=0)


def test_the_filter_of_a_planted_motif_comes_first_and_nothing_does_without_one(reader):
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 4, (300, LENGTH), dtype=np.uint8)
    targets = rng.integers(0, 2, (300, 1)).astype(np.float32)
    single, groups = measured(reader, tokens, targets)
    assert not (single["ci_low"] > 0).any() and not (groups["ci_low"] > 0).any()
    for row in np.flatnonzero(targets):
        at = rng.integers(0, LENGTH - 9)
        tokens[row, at : at + 9] = DNA.encode("ATGACTCAG")
    single, groups = measured(reader, tokens, targets)
    for kind in ("shuffle", "knockout"):
        rows = single[(single["perturbation"] == kind) & (single["metric"] == "loss")]
        best = rows.nlargest(2, "importance")
        assert sorted(best["filter"]) == ["scan_002", "scan_005"] and (best["ci_low"] > 0).all()
        together = groups[(groups["perturbation"] == kind) & (groups["metric"] == "loss")].iloc[0]
        assert together["group"] == "site" and together["importance"] > best["importance"].sum()
    log_loss = single[single["metric"] == "log_loss"].reset_index(drop=True)
    own = single[single["metric"] == "loss"].reset_index(drop=True)
    np.testing.assert_allclose(own["importance"], log_loss["importance"], atol=1e-5)
