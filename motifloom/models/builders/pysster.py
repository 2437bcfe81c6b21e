"""Convolutions with pooling, recurrent layers and dense layers, all under max-norm."""


def build(net, parameters):
    """Add the layers of a `Pysster` to a :class:`Net`."""
    p = parameters
    net.drop(p.dropout_input)
    for layer in p.layers("conv_num"):
        name = f"conv{layer.index + 1}"
        net.convolve(
            layer.kernel_num, layer.kernel_len, layer.key("kernel_len"), name=name, activation="relu"
        )
        net.pool(layer.pool_size, layer.key("pool_size"), stride=layer.pool_stride)
        net.drop(layer.dropout_conv)
    recurrent = p.layers("rnn_num") if p.rnn_type else []
    for layer in recurrent:
        net.recur(
            p.rnn_type,
            layer.rnn_units,
            bidirectional=layer.rnn_bidirectional,
            every_position=layer is not recurrent[-1],
            dropout=layer.rnn_dropout_input,
            recurrent_dropout=layer.rnn_dropout_recurrent,
            key=layer.key("rnn_units"),
        )
    if not recurrent:
        net.flatten()
    for layer in p.layers("dense_num"):
        net.dense(layer.neuron_num, layer.key("neuron_num"))
        net.drop(layer.dropout_dense)
