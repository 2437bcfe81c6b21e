"""A convolution and residual blocks of dilated convolutions, which look ever farther."""

from motifloom.errors import UserError


def build(net, parameters):
    """Add the layers of a `ResidualDilated` to a :class:`Net`."""
    p = parameters
    _convolve(net, p, p.conv_width, "conv_width", "conv1", 1)
    blocks = p.layers("num_dilated_layers")
    if p.dilation_rate is None:
        _check_reach(net, blocks)
    for layer in blocks:
        shortcut, key, name = list(net.tensors), layer.key("dilated_width"), f"dilated{layer.index + 1}"
        _convolve(net, p, layer.dilated_width, key, name, layer.dilation_rate)
        net.drop(layer.dropout_rate_conv)
        net.add_to(shortcut)
    net.pool_all(p.pool)
    for layer in p.layers("num_dense_layers"):
        net.dense(layer.dense_filters, layer.key("dense_filters"))
        net.drop(layer.dropout_rate_dense)


def _check_reach(net, blocks):
    """Raise a UserError where there are too many blocks whose reach doubles."""
    spans = [(block.dilated_width - 1) * block.dilation_rate + 1 for block in blocks]
    fits = sum(span <= net.positions for span in spans)
    if 0 < fits < len(spans) and spans == sorted(spans):  # else a width is the reason
        raise UserError(
            f"{net.path}.num_dilated_layers: {len(spans)} do not fit: block {fits + 1} reads over "
            f"{spans[fits]} positions, and there are {net.positions}; write at most {fits}, or make windows "
            "longer"
        )


def _convolve(net, p, width, key, name, dilation):
    """Add a convolution and its activation function, with a normalisation between them or without."""
    own = None if p.batch_norm else p.activation
    net.convolve(_filters(net, p), width, key, name=name, dilation=dilation, padding="same", activation=own)
    if p.batch_norm:
        net.normalise()
        net.activate(p.activation)


def _filters(net, p):
    """Both strands side by side are twice the channels, which a block's output is added to."""
    return p.conv_filters if net.reads_sequence else net.output.shape[-1]
