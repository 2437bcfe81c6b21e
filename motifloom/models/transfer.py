"""Starting from another network: which layers take its weights, which start anew, which stay as they are."""

import fnmatch
import logging

from motifloom.errors import UserError
from motifloom.models.names import nearest
from motifloom.models.predict import load_model
from motifloom.models.structure import inputs_of, references

logger = logging.getLogger(__name__)


def take_weights(model, path, *, replace_head=False, where="training"):
    """Give the layers of a network the weights that layers of the same name and shapes have in another one.

    Parameters
    ----------
    model : keras.Model
        Changed in place. What it does not take stays as initialised.
    path : str or Path
        The other network, a .keras file.
    replace_head : bool
        Let the head start anew, even where it would fit; see :func:`head`.
    where : str
        What to call the training options in messages.

    Returns
    -------
    list of str
        Names of the layers that took weights.

    Raises
    ------
    UserError
        If the file holds no network, or no layer takes anything.
    """
    others = {layer.name: layer.get_weights() for layer in load_model(path).layers}
    left_out, taken = set(head(model)) if replace_head else set(), []
    for layer in model.layers:
        name, own = layer.name, layer.get_weights()
        shapes, offered = _shapes(own), _shapes(others.get(name, []))
        if not own:
            continue
        if name in left_out:
            logger.info("layer %s: starts anew, as replace_head asks for", name)
        elif name not in others:
            logger.info("layer %s: starts anew, as there is none of this name in %s", name, path)
        elif shapes != offered:
            logger.info("layer %s: starts anew, as its weights are %s and not %s", name, shapes, offered)
        else:
            layer.set_weights(others[name])
            taken.append(name)
    if not taken:
        names = ", ".join(name for name, weights in others.items() if weights)
        raise UserError(
            f"{where}.start_from: no layer takes weights of {path}, whose layers are {names}; "
            "give layers the same names and shapes"
        )
    logger.info("%d layers start with the weights of %s: %s", len(taken), path, ", ".join(taken))
    return taken


def _shapes(weights):
    return " ".join("x".join(map(str, weight.shape)) or "scalar" for weight in weights)


def head(model):
    """Return the names of the last layers with weights on the ways to the output: the number of targets is
    their number of units."""
    layers, sources = {layer.name: layer for layer in model.layers}, inputs_of(model)
    waiting, found = [references(model.get_config()["output_layers"])[0][0]], []
    while waiting:
        name = waiting.pop()
        if name in layers and layers[name].weights:
            found.append(name)
        else:
            waiting += sources.get(name, [])
    return sorted(set(found))


def freeze(model, patterns, where="training", anew=()):
    """Keep the weights of layers as they are; a BatchNormalization among them then uses its own statistics.

    Parameters
    ----------
    model : keras.Model
        Changed in place, before its first training step.
    patterns : list of str
        Names of layers, or shell patterns of names: conv*, block[12]_*.
    where : str
        What to call the training options in messages.
    anew : collection of str
        Layers that do not take the weights that a training starts from.

    Returns
    -------
    list of str
        Names of the layers with weights that stay.

    Raises
    ------
    UserError
        If a pattern is of no layer with weights, or of one that starts `anew`, or nothing is left to train.
    """
    names, frozen = [layer.name for layer in model.layers], []
    weighty = {layer.name for layer in model.layers if layer.weights}
    for i, pattern in enumerate(patterns):
        found = fnmatch.filter(names, pattern)
        if not found:
            raise UserError(f"{where}.freeze[{i}]: no layer is called {pattern!r}{nearest(pattern, names)}")
        if not weighty.intersection(found):
            raise UserError(f"{where}.freeze[{i}]: {', '.join(found)} has no weights to keep; remove it")
        if new := [name for name in found if name in weighty and name in anew]:
            raise UserError(
                f"{where}.freeze[{i}]: {', '.join(new)} takes no weights of start_from, and would stay as "
                "initialised; leave it out"
            )
        frozen += found
    for name in frozen:
        model.get_layer(name).trainable = False
    if patterns and not model.trainable_variables:
        raise UserError(
            f"{where}.freeze: nothing is left to train; leave a layer such as {head(model)[0]} out"
        )
    weighed = [layer.name for layer in model.layers if layer.name in frozen and layer.weights]
    if weighed:
        logger.info("frozen: %s", ", ".join(weighed))
    return weighed
