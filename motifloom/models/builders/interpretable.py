"""Exponential first filters and large pooling: later layers cannot put motifs together from parts."""


def build(net, parameters):
    """Add the layers of an `Interpretable` to a :class:`Net`."""
    p = parameters
    for layer in p.layers("num_conv_layers"):
        key = "activation" if layer.index else "first_activation"
        activation = getattr(p, key)
        net.convolve(
            layer.conv_filters,
            layer.conv_width,
            layer.key("conv_width"),
            name=f"conv{layer.index + 1}",
            padding=p.padding,
            activation=None if p.batch_norm else activation,
            activation_key=key,
            l2=layer.l2_reg_conv,
        )
        if p.batch_norm:
            net.normalise()
            net.activate(activation, key)
        net.drop(layer.dropout_rate_conv)
        net.pool(layer.max_pool_size, layer.key("max_pool_size"))
    net.flatten()
    for layer in p.layers("num_dense_layers"):
        own = None if p.batch_norm else p.activation
        net.dense(layer.dense_filters, layer.key("dense_filters"), activation=own, l2=layer.l2_reg_dense)
        if p.batch_norm:
            net.normalise()
            net.activate(p.activation)
        net.drop(layer.dropout_rate_dense)
