"""A convolution, pooling, recurrent layers over all positions, dense layers."""


def build(net, parameters):
    """Add the layers of a `Danq` to a :class:`Net`."""
    p = parameters
    settings = {"name": "conv1", "padding": p.padding, "activation": p.activation}
    net.convolve(p.conv_filters, p.conv_width, "conv_width", **settings)
    net.pool(p.max_pool_size, "max_pool_size", stride=p.max_pool_stride)
    net.drop(p.dropout_rate_conv)
    for layer in p.layers("num_rnn_layers"):
        both, key = layer.rnn_bidirectional, layer.key("rnn_units")
        net.recur(p.rnn_type, layer.rnn_units, bidirectional=both, every_position=True, key=key)
        net.drop(layer.dropout_rate_rnn)
    net.flatten()
    for layer in p.layers("num_dense_layers"):
        net.dense(layer.dense_filters, layer.key("dense_filters"))
        net.drop(layer.dropout_rate_dense)
