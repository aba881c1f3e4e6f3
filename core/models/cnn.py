"""The convolutional net: every unit of a map sees the same small window, shifted."""

from collections import OrderedDict

from torch import nn

CHANNELS = (12, 24, 48, 64)


def cnn() -> nn.Sequential:
    """A 5 x 5 and three 3 x 3 convolutions, the first three averaged down by 2, and a linear readout.

    Average pooling, because DeepLift loses its completeness where a MaxPool follows a ReLU. There is no batch norm
    here: training adds it and folds it away again (`core.models.batch_norm`).
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for depth, (inputs, units) in enumerate(zip((1, *CHANNELS), CHANNELS, strict=False), start=1):
        kernel = 5 if depth == 1 else 3
        layers[f"conv{depth}"] = nn.Conv2d(inputs, units, kernel, padding=kernel // 2)
        layers[f"relu{depth}"] = nn.ReLU()
        if depth < len(CHANNELS):
            layers[f"pool{depth}"] = nn.AvgPool2d(2)
    layers["flatten"] = nn.Flatten()
    layers["logits"] = nn.Linear(CHANNELS[-1] * 3 * 3, 10)
    return nn.Sequential(layers)
