"""Convolutions of several widths side by side, each with an attention of its own."""


def build(net, parameters):
    """Add the layers of a `MultiscaleAttention` to a :class:`Net`."""
    p, branches = parameters, []
    for layer in p.layers("num_branches"):
        branch = net.branch()
        branch.convolve(
            layer.conv_filters,
            layer.conv_width,
            layer.key("conv_width"),
            name=f"conv_{layer.conv_width}",
            padding=p.padding,
            activation=p.activation,
            l2=layer.l2_reg_conv,
        )
        if p.batch_norm:
            branch.normalise()
        branch.drop(layer.dropout_rate_conv)
        branch.attend(f"attention_{layer.conv_width}", p.score_activation, p.attention_pool)
        branches.append(branch)
    net.join(branches)
    for layer in p.layers("num_dense_layers"):
        net.dense(layer.dense_filters, layer.key("dense_filters"), l2=layer.l2_reg_dense)
        if p.batch_norm:
            net.normalise()
        net.drop(layer.dropout_rate_dense)
