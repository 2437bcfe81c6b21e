"""Convolutions in a row, one max pooling, dense layers."""


def build(net, parameters):
    """Add the layers of a `ConvStack` or a `DoubleStranded` to a :class:`Net`."""
    p, convolutions = parameters, parameters.layers("num_conv_layers")
    for layer in convolutions:
        net.convolve(
            layer.conv_filters,
            layer.conv_width,
            layer.key("conv_width"),
            name=f"conv{layer.index + 1}",
            stride=layer.conv_stride,
            padding=p.padding,
            activation=p.activation,
            l2=layer.l2_reg_conv,
        )
        net.drop(layer.dropout_rate_conv)
        if p.pool_after == "each":
            _pool(net, layer, layer.key("max_pool_size"))
    if convolutions and p.pool_after == "last":
        _pool(net, p, "max_pool_size")
    net.flatten()
    for layer in p.layers("num_dense_layers"):
        net.dense(layer.dense_filters, layer.key("dense_filters"), l2=layer.l2_reg_dense)
        net.drop(layer.dropout_rate_dense)


def _pool(net, layer, key):
    # Padded, so that the last positions are not lost.
    net.pool(layer.max_pool_size, key, stride=layer.max_pool_stride, padding="same")
