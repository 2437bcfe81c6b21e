"""The network of a spec: layers in a row or a graph, on tokens of the dataset's own length."""

import keras

from motifloom.errors import UserError
from motifloom.models.layers import OneHot
from motifloom.models.names import complete, create, first_line, snake_case, unique
from motifloom.models.structure import references
from motifloom.models.values import check_held

SHAPE_KEYS = ("input_shape", "batch_input_shape", "batch_shape")
INPUTS = ("InputLayer", "Input")
# Layers of ours that read tokens themselves.
ENCODINGS = ("OneHot", "HigherOrderOneHot")


class Graph:
    """Builds one network; layers are called one by one, so that a misfit is told of the layer it is in.

    Parameters
    ----------
    section : dict
        Section `model` of a spec: `layers`, or `class_name` and `config` of a Keras model.
    length, alphabet_size : int
        Length of the sequences in letters, and number of letters.
    path : str
        Key path of the section, for messages.

    Attributes
    ----------
    model : keras.Model
        From tokens, uint8 (batch, length), one-hot first (a spec that names an encoding itself starts from
        the tokens), layers flat; not compiled.
    paths : dict of str to str
        Key path of every layer by name.
    """

    def __init__(self, section, *, length, alphabet_size, path):
        self.length, self.alphabet_size, self.path = length, alphabet_size, path
        self.paths, self.used = {}, set()
        config = section
        if "class_name" in section:
            config, self.path = section.get("config"), f"{path}.config"
        entries = config.get("layers") if isinstance(config, dict) else None
        if not isinstance(entries, list) or not entries:
            raise UserError(f"{self.path}.layers: is missing or empty; list at least one layer")
        for i, entry in enumerate(entries):
            if not isinstance(entry, dict) or not isinstance(entry.get("config") or {}, dict):
                raise UserError(f"{self.path}.layers[{i}]: write {{class_name: ..., config: {{...}}}}")
        tokens = keras.Input((length,), dtype="uint8", name="tokens")
        # A network of ours that was written out has its one-hot layer already.
        own = any(entry.get("class_name") in ENCODINGS for entry in entries)
        start = tokens if own else OneHot(alphabet_size, name="one_hot")(tokens)
        self.used.update(["tokens"] if own else ["tokens", "one_hot"])
        functional = section.get("class_name", "Sequential") != "Sequential" or "input_layers" in config
        output = self._functional(config, start) if functional else self._sequential(entries, start)
        self.model = keras.Model(tokens, output, name="motifloom")

    def _sequential(self, entries, tensor):
        for i, entry in enumerate(entries):
            path = f"{self.path}.layers[{i}]"
            if i == 0:
                self._check_shape(entry, tensor, path)
            if entry.get("class_name") not in INPUTS:
                tensor = self._call(self._layer(entry, path), [tensor], {}, path)
        return tensor

    def _layer(self, entry, path):
        """Make a layer, under its own name or one like Keras would give it in a fresh process."""
        if "class_name" not in entry:
            raise UserError(f"{path}.class_name: is missing; write the name of a Keras layer")
        settings = {k: v for k, v in (entry.get("config") or {}).items() if k not in SHAPE_KEYS}
        name = settings.get("name") or entry.get("name")
        if name in self.used:
            raise UserError(f"{path}.config.name: the name {name!r} is taken; give each layer its own")
        settings["name"] = unique(str(name or snake_case(str(entry["class_name"]))), self.used)
        if entry["class_name"] in ENCODINGS:
            self._check_letters(settings.setdefault("alphabet_size", self.alphabet_size), path)
        entry = complete({**entry, "config": settings}, "layer", path)
        check_held(entry, path)
        layer = create(entry, path)
        if not isinstance(layer, keras.Operation):
            raise UserError(f"{path}.class_name: {entry['class_name']} is no layer")
        self.paths[layer.name] = path
        return layer

    def _check_letters(self, given, path):
        """Compare the number of letters of an encoding, which may be left out, with the dataset's."""
        if given != self.alphabet_size:
            raise UserError(
                f"{path}.config.alphabet_size: {given} does not fit the dataset's {self.alphabet_size} "
                "letters; leave it out"
            )

    def _call(self, layer, args, kwargs, path):
        """Call a layer; nothing may remain of the sequence but an error."""
        tensor = args[0] if args and isinstance(args[0], keras.KerasTensor) else None
        if tensor is not None and len(tensor.shape) == 3:
            _check_extent(layer, tensor.shape, self.length, path)
        try:
            output = layer(*args, **kwargs)
        except Exception as error:  # Keras raises all kinds for shapes that do not fit
            raise UserError(f"{path}: layer {layer.name}: {first_line(error)}") from error
        shapes = [t.shape for t in (output if isinstance(output, list | tuple) else [output])]
        if any(size is not None and size <= 0 for shape in shapes for size in shape):
            raise UserError(f"{path}: layer {layer.name} leaves nothing of its input {_size(tensor)}")
        return output

    def _check_shape(self, entry, source, path):
        """Compare the input shape that a spec names, which is not used, with the dataset's."""
        expected = [self.length, self.alphabet_size][: len(source.shape) - 1]
        for key in [*SHAPE_KEYS, *(["shape"] if entry.get("class_name") in INPUTS else [])]:
            shape = (entry.get("config") or {}).get(key)
            if shape is None:
                continue
            given = list(shape) if isinstance(shape, list | tuple) else [shape]
            given = given[1:] if key.startswith("batch") else given
            known = [size or right for size, right in zip(given, expected, strict=False)]
            if len(given) != len(expected) or known != expected:
                raise UserError(
                    f"{path}.config.{key}: {given} does not fit the dataset, whose examples have "
                    f"{self.length} positions of {self.alphabet_size} letters; "
                    f"leave it out, or write {expected}"
                )

    def _functional(self, config, start):
        """Call the layers of a functional config in the order in which their inputs become known."""
        tensors, waiting, done = {}, {}, set()
        for i, entry in enumerate(config["layers"]):
            path = f"{self.path}.layers[{i}]"
            name = entry.get("name") or (entry.get("config") or {}).get("name")
            if not name:
                raise UserError(f"{path}.name: is missing; a functional model needs the names of its layers")
            if entry.get("class_name") in INPUTS:
                self._check_shape(entry, start, path)
                tensors[name] = [start]
                done.add(name)
            else:
                tensors[name] = []
                waiting[name] = (self._layer(entry, path), list(entry.get("inbound_nodes") or []), path)
        if len(done) != 1:
            raise UserError(f"{self.path}: has {len(done)} inputs; the sequence is the only one")
        while waiting:
            before = sum(len(nodes) for _, nodes, _ in waiting.values()) + len(waiting)
            for name, (layer, nodes, path) in list(waiting.items()):
                while nodes and (call := self._arguments(nodes[0], tensors, done, path)):
                    tensors[name].append(self._call(layer, *call, path))
                    nodes.pop(0)
                if not nodes:
                    del waiting[name]
                    done.add(name)
            if before == sum(len(nodes) for _, nodes, _ in waiting.values()) + len(waiting):
                raise UserError(f"{next(iter(waiting.values()))[2]}: its inputs form a loop or lead nowhere")
        outputs = references(config.get("output_layers") or [])
        if len(outputs) != 1:
            raise UserError(f"{self.path}.output_layers: has {len(outputs)} outputs; write exactly one")
        return self._tensor(outputs[0], tensors, done, f"{self.path}.output_layers")

    def _arguments(self, node, tensors, done, path):
        """Return (args, kwargs) of one call of a layer, or None while an input is not there yet."""
        if isinstance(node, list):  # as Keras 2 wrote it: [[name, node, tensor, kwargs], ...]
            found = [self._tensor(item[:3], tensors, done, path) for item in node]
            kwargs = next((item[3] for item in node if len(item) > 3), {})
            args = [found[0] if len(found) == 1 else found]
        else:
            args = self._revive(node.get("args", []), tensors, done, path)
            found, kwargs = keras.tree.flatten(args), node.get("kwargs", {})
            kwargs = self._revive(kwargs, tensors, done, path)
            found += keras.tree.flatten(kwargs)
        return None if any(item is _NOT_YET for item in found) else (args, kwargs)

    def _revive(self, value, tensors, done, path):
        """Put tensors for their references, and Keras objects for their descriptions."""
        if isinstance(value, list):
            return [self._revive(item, tensors, done, path) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("class_name") == "__keras_tensor__":
            return self._tensor(value["config"]["keras_history"], tensors, done, path)
        if "class_name" in value:
            return create(complete(value, "object", path), path)
        return {key: self._revive(item, tensors, done, path) for key, item in value.items()}

    def _tensor(self, reference, tensors, done, path):
        """Return the tensor of [layer name, call, index]."""
        name, call, index = reference
        if name not in tensors:
            raise UserError(f"{path}: there is no layer {name!r}")
        if call >= len(tensors[name]) and name not in done:
            return _NOT_YET
        output = tensors[name][min(call, len(tensors[name]) - 1)]
        return output[index] if isinstance(output, list | tuple) else output


_NOT_YET = object()


def _size(tensor):
    return f"of shape {list(tensor.shape[1:])}" if tensor is not None else ""


def _check_extent(layer, shape, length, path):
    """Raise a UserError for a kernel, pool or window longer than its input (batch, positions, channels)."""
    positions = shape[2] if getattr(layer, "data_format", None) == "channels_first" else shape[1]
    padding = getattr(layer, "padding", None)
    if positions is None:
        return
    for setting, word in (("kernel_size", "kernel"), ("pool_size", "pool"), ("window", "window")):
        size = getattr(layer, setting, None)
        size = size[0] if isinstance(size, list | tuple) else size
        if not isinstance(size, int):
            continue
        dilation = getattr(layer, "dilation_rate", 1)
        dilation = dilation[0] if isinstance(dilation, list | tuple) else dilation
        span = (size - 1) * dilation + 1
        # With padding a kernel may be longer than what pooling left, but not than the whole sequence.
        if span > positions if padding == "valid" else size > max(length, positions):
            wide = f"{size} with dilation {dilation} spans {span} positions, which" if dilation > 1 else size
            raise UserError(
                f"{path}.config.{setting}: layer {layer.name}: {word} {wide} is longer than its input of "
                f"{positions} positions; make it shorter, or the window longer"
            )
