"""The parameters of the builders: names, defaults, and what each may be.

Names and defaults are those of the system that a builder comes from. Light, for the config and its reference;
`motifloom.models.builders` makes networks of them.
"""

from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from motifloom.config.blocks import Block, Positive
from motifloom.errors import UserError, suggest
from motifloom.validation import explain

# The learning-rate range test, and the training options that it does not depend on.
RANGE_TEST = {"min": 1e-6, "max": 50.0, "epochs": None, "smoothing": 0.9}
OUTSIDE_RANGE_TEST = (
    "epochs",
    "learning_rate",
    "schedule",
    "warmup_epochs",
    "exact_metrics",
    "shuffle_labels",
)

T = TypeVar("T")
# One value for all layers, or a list with one for each.
PerLayer = Annotated[
    Annotated[T, Tag("one")] | Annotated[list[T], Field(min_length=1), Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, list) else "one"),
]
Layers = Annotated[int, Field(ge=0, le=100)]
Dropout = Annotated[float, Field(ge=0, lt=1)]
Strength = Annotated[float, Field(ge=0, le=1e3)]
LearningRate = Annotated[float, Field(gt=0, le=1e6)]
Padding = Literal["valid", "same"]
Merge = Literal["max", "mean", "concat", "none"]

FILTERS = "Filters of a convolution."
WIDTH = "Width of its kernels, in positions."
STRIDE = "Step of its kernels, in positions."
PADDING = "valid: kernels stay inside the sequence; same: it is padded, so that its length stays."
ACTIVATION = "Activation function of the convolutions, by Keras' name."
POOL = "Width of max pooling, in positions; 1: none."
POOL_STRIDE = "Step of max pooling; none: its width."
DROPOUT_CONV = "Rate of dropout after a convolution."
DROPOUT_DENSE = "Rate of dropout after a dense layer."
DENSE = "Units of a dense layer."
L2 = "Strength of L2 regularisation of the kernels of "
LAYERS = "A list elsewhere says it too."
STRANDS = (
    "Scan both strands with the same filters, and take max or mean of the two, both (concat), or lead each "
    "through all that follows up to the dense layers (none, merged by max there); null: one strand."
)
RNN_UNITS = "Units of a recurrent layer, in each direction."
BATCH_NORM = "Batch normalisation between a layer and its activation function."


class Initializer(Block):
    """An initializer of Keras with settings."""

    identifier: str = Field(description="Keras' name of an initializer, such as he_normal.")
    args: dict[str, Any] = Field({}, description="Its settings by name.")


Weights = Annotated[
    Annotated[str, Tag("name")] | Annotated[Initializer, Tag("settings")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "settings"),
]
KERNEL_INITIALIZER = "How kernels begin: Keras' name of an initializer, or {identifier: .., args: {..}}."
BIAS_INITIALIZER = "How biases begin, likewise."


class Layer:
    """The parameters of one layer as attributes; `key` says where in the config a parameter of it stands."""

    def __init__(self, index, values, lists):
        vars(self).update(values)
        self.index, self._lists = index, lists

    def key(self, name):
        """Return conv_width[1] for a parameter with a list, else conv_width."""
        return f"{name}[{self.index}]" if name in self._lists else name


class Parameters(Block):
    """What all builders share.

    `each` has the parameters that are per layer, by the one that is their number of layers; `shared` those
    that all these layers have in common, and nothing else has.
    """

    each: ClassVar[dict] = {}
    shared: ClassVar[dict] = {}

    order: Annotated[int, Field(ge=1, le=4)] = Field(
        1, description="Letters to a symbol: 2 makes the input one-hot dinucleotides; motifs need 1."
    )

    def layers(self, count):
        """Return the parameters of each layer of a kind, by the name of their number."""
        names = self.each[count]
        lists = {name for name in names if isinstance(getattr(self, name), list)}
        every = [
            {name: getattr(self, name)[i] if name in lists else getattr(self, name) for name in names}
            for i in range(self.number(count))
        ]
        return [Layer(i, values, lists) for i, values in enumerate(every)]

    def number(self, count):
        """Return a number of layers: the one given, else as many as a list has, else the default."""
        if count in self.model_fields_set:
            return getattr(self, count)
        given = [getattr(self, name) for name in self.each[count] if name in self.model_fields_set]
        return next((len(value) for value in given if isinstance(value, list)), getattr(self, count))

    @property
    def strands(self):
        """How the strands are merged; None: one is read."""
        return getattr(self, "merge", None) or getattr(self, "both_strands", None)

    def sections(self):
        """Return the sections of a spec that the builder goes with: compile, training_params, callbacks."""
        return {}

    @model_validator(mode="after")
    def _lists_fit(self):
        for count, names in self.each.items():
            number = self.number(count)
            for name in (*names, *self.shared.get(count, ())):
                value, chosen = getattr(self, name), name in self.model_fields_set
                if number == 0 and chosen and value is not None:
                    raise ValueError(f"has {name}:, which goes with {count} above 0")
                if number and isinstance(value, list) and len(value) != number:
                    default = "" if chosen else " by default"
                    raise ValueError(
                        f"has {len(value)} values in {name}:{default}, where {count} is {number}; "
                        f"give {number}, or one for all"
                    )
        return self


def _stopping(patience, **settings):
    return {"EarlyStopping": {"monitor": "val_loss", "patience": patience, **settings}}


def _reducing(patience, factor, **settings):
    return {"ReduceLROnPlateau": {"monitor": "val_loss", "factor": factor, "patience": patience, **settings}}


def _optimizer(name, learning_rate, **settings):
    return {"optimizer": {"class_name": name, "config": {"learning_rate": learning_rate, **settings}}}


class Stack(Parameters):
    """Convolutions in a row, then dense layers."""

    each: ClassVar[dict] = {
        "num_conv_layers": (
            "conv_filters",
            "conv_width",
            "conv_stride",
            "max_pool_size",
            "max_pool_stride",
            "dropout_rate_conv",
            "l2_reg_conv",
        ),
        "num_dense_layers": ("dense_filters", "dropout_rate_dense", "l2_reg_dense"),
    }
    shared: ClassVar[dict] = {"num_conv_layers": ("padding", "activation", "pool_after")}

    num_conv_layers: Layers = Field(2, description=f"Number of convolutions. {LAYERS}")
    conv_filters: PerLayer[Positive] = Field(500, description=FILTERS)
    conv_width: PerLayer[Positive] = Field(11, description=WIDTH)
    conv_stride: PerLayer[Positive] = Field(1, description=STRIDE)
    padding: Padding = Field("valid", description=PADDING)
    activation: str = Field("relu", description=ACTIVATION)
    pool_after: Literal["last", "each"] = Field(
        "last", description="Pool once, after the last convolution, or after each (a list then may say how)."
    )
    max_pool_size: PerLayer[Positive] = Field(26, description=POOL)
    max_pool_stride: PerLayer[Positive] | None = Field(None, description=POOL_STRIDE)
    dropout_rate_conv: PerLayer[Dropout] = Field(0.3, description=DROPOUT_CONV)
    num_dense_layers: Layers = Field(1, description=f"Number of dense layers before the last. {LAYERS}")
    dense_filters: PerLayer[Positive] = Field(300, description=DENSE)
    dropout_rate_dense: PerLayer[Dropout] = Field(0.3, description=DROPOUT_DENSE)
    l2_reg_conv: PerLayer[Strength] = Field(1e-4, description=f"{L2}a convolution.")
    l2_reg_dense: PerLayer[Strength] = Field(1e-4, description=f"{L2}a dense layer.")
    l2_reg_final: Strength = Field(1e-4, description=f"{L2}the output layer.")
    kernel_initializer: Weights = Field("glorot_uniform", description=KERNEL_INITIALIZER)
    bias_initializer: Weights = Field("zeros", description=BIAS_INITIALIZER)

    @model_validator(mode="after")
    def _pools_fit(self):
        for name in ("max_pool_size", "max_pool_stride"):
            if self.pool_after == "last" and isinstance(getattr(self, name), list):
                raise ValueError(f"has a list in {name}:, which goes with pool_after: each")
        return self

    def sections(self):
        """Adam at the rate, the batch and the number of epochs of cnn_pipeline."""
        return {
            "compile": _optimizer("Adam", 4e-4, beta_1=0.9, beta_2=0.999),
            "training_params": {"epochs": 25, "batch_size": 512},
            "callbacks": _stopping(5),
        }


class ConvStack(Stack):
    """Convolutions in a row, one max pooling, dense layers: the network of cnn_pipeline (Pfenning lab)."""

    shared: ClassVar[dict] = {"num_conv_layers": (*Stack.shared["num_conv_layers"], "both_strands")}

    builder: Literal["conv_stack"] = Field("conv_stack", description="Its name.")
    both_strands: Merge | None = Field(None, description=STRANDS)


class DoubleStranded(Stack):
    """A conv_stack whose first filters read both strands, as Janggu's DnaConv2D."""

    builder: Literal["double_stranded"] = Field("double_stranded", description="Its name.")
    num_conv_layers: Annotated[int, Field(ge=1, le=100)] = Field(
        2, description=f"Number of convolutions. {LAYERS}"
    )
    merge: Merge = Field("max", description=STRANDS.replace("; null: one strand", ""))


class Pysster(Parameters):
    """Convolutions with pooling, recurrent and dense layers, all under max-norm: the network of pysster."""

    each: ClassVar[dict] = {
        "conv_num": ("kernel_num", "kernel_len", "pool_size", "pool_stride", "dropout_conv"),
        "rnn_num": ("rnn_units", "rnn_bidirectional", "rnn_dropout_input", "rnn_dropout_recurrent"),
        "dense_num": ("neuron_num", "dropout_dense"),
    }
    shared: ClassVar[dict] = {"conv_num": ("both_strands",)}

    builder: Literal["pysster"] = Field("pysster", description="Its name.")
    conv_num: Layers = Field(2, description=f"Number of convolutions, each with a pooling. {LAYERS}")
    kernel_num: PerLayer[Positive] = Field(30, description=FILTERS)
    kernel_len: PerLayer[Positive] = Field(25, description=WIDTH)
    pool_size: PerLayer[Positive] = Field(2, description=POOL)
    pool_stride: PerLayer[Positive] = Field(2, description="Step of max pooling.")
    dense_num: Layers = Field(1, description=f"Number of dense layers before the last. {LAYERS}")
    neuron_num: PerLayer[Positive] = Field(100, description=DENSE)
    dropout_input: Dropout = Field(0.1, description="Rate of dropout of the input.")
    dropout_conv: PerLayer[Dropout] = Field(0.3, description="Rate of dropout after a pooling.")
    dropout_dense: PerLayer[Dropout] = Field(0.6, description=DROPOUT_DENSE)
    kernel_constraint: Strength = Field(
        3, description="Largest norm of the weights that lead to a filter or unit; 0: none."
    )
    kernel_initializer: Weights = Field("random_uniform", description=KERNEL_INITIALIZER)
    rnn_type: Literal["LSTM", "GRU"] | None = Field(
        None, description="Recurrent layers between convolutions and dense layers; null: none."
    )
    rnn_num: Annotated[int, Field(ge=1, le=100)] = Field(1, description=f"Number of these. {LAYERS}")
    rnn_units: PerLayer[Positive] = Field(32, description=RNN_UNITS)
    rnn_bidirectional: PerLayer[bool] = Field(True, description="Read in both directions.")
    rnn_dropout_input: PerLayer[Dropout] = Field(0.2, description="Rate of dropout of its input.")
    rnn_dropout_recurrent: PerLayer[Dropout] = Field(0.0, description="Rate of dropout of its state.")
    both_strands: Merge | None = Field(None, description=STRANDS)
    learning_rate: LearningRate = Field(5e-4, description="Learning rate of Adam.")
    batch_size: Positive = Field(128, description="Examples to a step of the training.")
    epochs: Positive = Field(500, description="Most epochs of the training.")
    patience_lr: Positive = Field(
        5, description="Epochs without a smaller validation loss after which the learning rate is halved."
    )
    patience_stopping: Positive = Field(
        15, description="Epochs without a smaller validation loss after which the training ends."
    )

    @model_validator(mode="before")
    @classmethod
    def _no_seed(cls, values):
        if isinstance(values, dict) and "seed" in values:
            raise ValueError("has seed:, which is seeds: of an experiment; remove it")
        return values

    @model_validator(mode="after")
    def _recurrent(self):
        given = self.model_fields_set & {"rnn_num", *self.each["rnn_num"]}
        if self.rnn_type is None and given:
            raise ValueError(f"has {sorted(given)[0]}:, which goes with rnn_type: LSTM or GRU")
        return self

    def sections(self):
        """What pysster's parameters of the training say."""
        return {
            "compile": _optimizer("Adam", self.learning_rate),
            "training_params": {"epochs": self.epochs, "batch_size": self.batch_size},
            "callbacks": _stopping(self.patience_stopping) | _reducing(self.patience_lr, 0.5),
        }


class MultiscaleAttention(Parameters):
    """Convolutions of several widths side by side, each with its own attention: the tutorial's network."""

    each: ClassVar[dict] = {
        "num_branches": ("conv_filters", "conv_width", "dropout_rate_conv", "l2_reg_conv"),
        "num_dense_layers": ("dense_filters", "dropout_rate_dense", "l2_reg_dense"),
    }

    builder: Literal["multiscale_attention"] = Field("multiscale_attention", description="Its name.")
    num_branches: Annotated[int, Field(ge=1, le=100)] = Field(
        4, description=f"Number of convolutions side by side. {LAYERS}"
    )
    conv_filters: PerLayer[Positive] = Field(64, description=FILTERS)
    conv_width: PerLayer[Positive] = Field([3, 7, 15, 25], description=WIDTH)
    padding: Padding = Field("same", description=PADDING)
    activation: str = Field("relu", description=ACTIVATION)
    batch_norm: bool = Field(True, description="Batch normalisation after convolutions and dense layers.")
    dropout_rate_conv: PerLayer[Dropout] = Field(0.2, description=DROPOUT_CONV)
    score_activation: str = Field(
        "tanh", description="Activation function of the score of a position, of which softmax makes weights."
    )
    attention_pool: Literal["max", "sum"] = Field(
        "max", description="What is taken over the weighted positions."
    )
    num_dense_layers: Layers = Field(2, description=f"Number of dense layers before the last. {LAYERS}")
    dense_filters: PerLayer[Positive] = Field([256, 128], description=DENSE)
    dropout_rate_dense: PerLayer[Dropout] = Field([0.5, 0.3], description=DROPOUT_DENSE)
    l2_reg_conv: PerLayer[Strength] = Field(0.0, description=f"{L2}a convolution.")
    l2_reg_dense: PerLayer[Strength] = Field(0.0, description=f"{L2}a dense layer.")
    both_strands: Merge | None = Field(None, description=STRANDS)

    def sections(self):
        """The tutorial's training."""
        return {
            "compile": _optimizer("Adam", 1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7),
            "training_params": {"epochs": 30, "batch_size": 64},
            "callbacks": _stopping(10, restore_best_weights=True) | _reducing(5, 0.5, min_lr=1e-6),
        }


class Danq(Parameters):
    """A convolution, pooling, a bidirectional LSTM over all positions, a dense layer (Quang and Xie 2016)."""

    each: ClassVar[dict] = {
        "num_rnn_layers": ("rnn_units", "rnn_bidirectional", "dropout_rate_rnn"),
        "num_dense_layers": ("dense_filters", "dropout_rate_dense"),
    }

    builder: Literal["danq"] = Field("danq", description="Its name.")
    conv_filters: Positive = Field(320, description=FILTERS)
    conv_width: Positive = Field(26, description=WIDTH)
    padding: Padding = Field("valid", description=PADDING)
    activation: str = Field("relu", description=ACTIVATION)
    max_pool_size: Positive = Field(13, description=POOL)
    max_pool_stride: Positive | None = Field(None, description=POOL_STRIDE)
    dropout_rate_conv: Dropout = Field(0.2, description="Rate of dropout after the pooling.")
    rnn_type: Literal["LSTM", "GRU"] = Field("LSTM", description="Kind of the recurrent layers.")
    num_rnn_layers: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description=f"Number of recurrent layers. {LAYERS}"
    )
    rnn_units: PerLayer[Positive] = Field(320, description=RNN_UNITS)
    rnn_bidirectional: PerLayer[bool] = Field(True, description="Read in both directions.")
    dropout_rate_rnn: PerLayer[Dropout] = Field(0.5, description="Rate of dropout after a recurrent layer.")
    num_dense_layers: Layers = Field(1, description=f"Number of dense layers before the last. {LAYERS}")
    dense_filters: PerLayer[Positive] = Field(925, description=DENSE)
    dropout_rate_dense: PerLayer[Dropout] = Field(0.0, description=DROPOUT_DENSE)
    both_strands: Merge | None = Field(None, description=STRANDS)

    def sections(self):
        """DanQ's training."""
        return {
            "compile": _optimizer("RMSprop", 1e-3),
            "training_params": {"epochs": 60, "batch_size": 100},
            "callbacks": _stopping(5),
        }


class ResidualDilated(Parameters):
    """A convolution and residual blocks whose reach doubles, as in BPNet (Avsec et al. 2021)."""

    each: ClassVar[dict] = {
        "num_dilated_layers": ("dilated_width", "dilation_rate", "dropout_rate_conv"),
        "num_dense_layers": ("dense_filters", "dropout_rate_dense"),
    }

    builder: Literal["residual_dilated"] = Field("residual_dilated", description="Its name.")
    conv_filters: Positive = Field(64, description="Filters of every convolution.")
    conv_width: Positive = Field(25, description="Width of the first convolution's kernels, in positions.")
    activation: str = Field("relu", description=ACTIVATION)
    batch_norm: bool = Field(False, description=BATCH_NORM)
    num_dilated_layers: Layers = Field(5, description=f"Number of residual blocks. {LAYERS}")
    dilated_width: PerLayer[Positive] = Field(3, description="Width of a block's kernels, in positions.")
    dilation_rate: list[Positive] | None = Field(
        None, description="Steps between the positions that a block's kernel reads; null: 2, 4, 8, ..."
    )
    dropout_rate_conv: PerLayer[Dropout] = Field(0.0, description="Rate of dropout in a block.")
    pool: Literal["mean", "max", "attention"] = Field("mean", description="What is taken over all positions.")
    num_dense_layers: Layers = Field(0, description=f"Number of dense layers before the last. {LAYERS}")
    dense_filters: PerLayer[Positive] = Field(64, description=DENSE)
    dropout_rate_dense: PerLayer[Dropout] = Field(0.0, description=DROPOUT_DENSE)
    both_strands: Merge | None = Field(None, description=STRANDS)

    def layers(self, count):
        """Return the parameters of each layer of a kind; the reach of blocks doubles."""
        layers = super().layers(count)
        for layer in layers if count == "num_dilated_layers" and self.dilation_rate is None else ():
            layer.dilation_rate = 2 ** (layer.index + 1)
        return layers

    def sections(self):
        """BPNet's rate and patience."""
        return {
            "compile": _optimizer("Adam", 1e-3),
            "training_params": {"epochs": 50, "batch_size": 64},
            "callbacks": _stopping(5),
        }


class Interpretable(Parameters):
    """Exponential first filters and large pooling: filters become whole motifs (Koo and Ploenzke 2021)."""

    each: ClassVar[dict] = {
        "num_conv_layers": (
            "conv_filters",
            "conv_width",
            "max_pool_size",
            "dropout_rate_conv",
            "l2_reg_conv",
        ),
        "num_dense_layers": ("dense_filters", "dropout_rate_dense", "l2_reg_dense"),
    }

    builder: Literal["interpretable"] = Field("interpretable", description="Its name.")
    num_conv_layers: Annotated[int, Field(ge=1, le=100)] = Field(
        2, description=f"Number of convolutions. {LAYERS}"
    )
    conv_filters: PerLayer[Positive] = Field([24, 48], description=FILTERS)
    conv_width: PerLayer[Positive] = Field([19, 3], description=WIDTH)
    padding: Padding = Field("same", description=PADDING)
    first_activation: str = Field("exponential", description="Activation function of the first convolution.")
    activation: str = Field("relu", description="Activation function of the other layers.")
    batch_norm: bool = Field(True, description=BATCH_NORM)
    max_pool_size: PerLayer[Positive] = Field([50, 2], description=POOL)
    dropout_rate_conv: PerLayer[Dropout] = Field([0.1, 0.2], description=DROPOUT_CONV)
    num_dense_layers: Layers = Field(1, description=f"Number of dense layers before the last. {LAYERS}")
    dense_filters: PerLayer[Positive] = Field(96, description=DENSE)
    dropout_rate_dense: PerLayer[Dropout] = Field(0.5, description=DROPOUT_DENSE)
    l2_reg_conv: PerLayer[Strength] = Field(1e-6, description=f"{L2}a convolution.")
    l2_reg_dense: PerLayer[Strength] = Field(1e-6, description=f"{L2}a dense layer.")
    both_strands: Merge | None = Field(None, description=STRANDS)

    def sections(self):
        """The training of Koo and Ploenzke."""
        return {
            "compile": _optimizer("Adam", 1e-3),
            "training_params": {"epochs": 100, "batch_size": 100},
            "callbacks": _stopping(20) | _reducing(5, 0.2),
        }


# Parameters that say what sections of a spec say too.
SPOKEN_FOR = {
    "learning_rate": ("compile", "optimizer"),
    "epochs": ("training_params", "epochs"),
    "batch_size": ("training_params", "batch_size"),
    "patience_lr": ("callbacks", "ReduceLROnPlateau"),
    "patience_stopping": ("callbacks", "EarlyStopping"),
}


def unused(parameters, sections):
    """Return what is wrong with parameters that would be ignored for what is in the sections, or None."""
    for name, (section, key) in SPOKEN_FOR.items():
        if name in parameters.model_fields_set and key in (sections.get(section) or {}):
            return f"has {name}: beside {section}.{key}:; remove one"
    return None


CATALOGUE = {
    cls.model_fields["builder"].default: cls
    for cls in (
        ConvStack,
        Pysster,
        MultiscaleAttention,
        DoubleStranded,
        Danq,
        ResidualDilated,
        Interpretable,
    )
}


def is_file(name):
    """Tell whether a builder is a Python file of the user's."""
    return isinstance(name, str) and name.endswith(".py")


def unknown(name):
    """Say what is wrong with the name of a builder that there is not."""
    return (
        f"is {name!r}, which is no builder{suggest(name, CATALOGUE)}; write {', '.join(CATALOGUE)} "
        "or a Python file that ends in .py"
    )


def read_parameters(section, where):
    """Return the parameters of a builder, with its defaults.

    Parameters
    ----------
    section : dict
        `builder`, one of `CATALOGUE`, and its parameters.
    where : str
        Key path of the section, for messages.

    Returns
    -------
    Parameters

    Raises
    ------
    UserError
        For the first thing in it that is not right.
    """
    name = section.get("builder")
    if not isinstance(name, str) or name not in CATALOGUE:
        raise UserError(f"{where}.builder {unknown(name)}")
    try:
        return CATALOGUE[name].model_validate(section)
    except ValidationError as error:
        raise UserError(explain(error, CATALOGUE[name], where)[0]) from None
