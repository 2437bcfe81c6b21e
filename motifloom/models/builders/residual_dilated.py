"""A convolution and residual blocks of dilated convolutions, which look ever farther."""


def build(net, parameters):
    """Add the layers of a `ResidualDilated` to a :class:`Net`."""
    p = parameters
    _convolve(net, p, p.conv_width, "conv_width", "conv1", 1)
    for layer in p.layers("num_dilated_layers"):
        shortcut, key, name = list(net.tensors), layer.key("dilated_width"), f"dilated{layer.index + 1}"
        _convolve(net, p, layer.dilated_width, key, name, layer.dilation_rate)
        net.drop(layer.dropout_rate_conv)
        net.add_to(shortcut)
    net.pool_all(p.pool)
    for layer in p.layers("num_dense_layers"):
        net.dense(layer.dense_filters, layer.key("dense_filters"))
        net.drop(layer.dropout_rate_dense)


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
