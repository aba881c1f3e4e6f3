"""Slow, plain references, each re-derived from its source, that the fast code is tested against."""

import cmath
import math
import statistics
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def lstm(module: nn.LSTM, x: Tensor) -> Tensor:
    """Hochreiter and Schmidhuber 1997 with Gers et al.'s forget gate, cell by cell: (batch, time, units) of states.

    i, f, o = sigmoid(W x + U h + b), g = tanh(W x + U h + b); c = f c + i g; h = o tanh(c). torch stacks i, f, g, o.
    """
    batch, time, _ = x.shape
    units = module.hidden_size
    h, c = torch.zeros(batch, units), torch.zeros(batch, units)
    states = []
    for step in range(time):
        sums = x[:, step] @ module.weight_ih_l0.T + module.bias_ih_l0 + h @ module.weight_hh_l0.T + module.bias_hh_l0
        i, f, g, o = sums.split(units, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        states.append(h)
    return torch.stack(states, dim=1)


def fgsm(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Goodfellow et al. 2015: x + epsilon sign(grad_x loss), the gradient by central differences, in [0, 1]."""
    moved = images.clone()
    with torch.no_grad():
        for index in range(images.numel()):
            losses = []
            for change in (1e-3, -1e-3):
                near = images.clone()
                near.view(-1)[index] += change
                losses.append(F.cross_entropy(model(near), labels).item())
            moved.view(-1)[index] += epsilon * np.sign(losses[0] - losses[1])
    return moved.clamp(0, 1)


def batch_norm(x: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """Ioffe and Szegedy 2015, algorithm 2, step 11: gamma (x - mean) / sqrt(variance + eps) + beta, by channel."""
    out = torch.empty_like(x)
    for channel in range(x.shape[1]):
        mean, variance = norm.running_mean[channel], norm.running_var[channel]
        share = (x[:, channel] - mean) / math.sqrt(variance + norm.eps)
        out[:, channel] = norm.weight[channel] * share + norm.bias[channel]
    return out


def lite0(stored: Mapping[str, Tensor], images: Tensor) -> Tensor:
    """EfficientNet-Lite0 block by block from its weights and norms; images in [0, 1].

    Tan and Le 2019, table 1, without squeezing, with ReLU6; TensorFlow pads what is missing, the odd one behind.
    """

    def layer(x: Tensor, conv: str, norm: str, stride: int = 1) -> Tensor:
        weight = stored[f"{conv}.weight"]
        kernel, groups = weight.shape[-1], x.shape[1] // weight.shape[1]
        missing = [max((math.ceil(size / stride) - 1) * stride + kernel - size, 0) for size in x.shape[2:]]
        before, behind = [size // 2 for size in missing], [size - size // 2 for size in missing]
        x = F.conv2d(F.pad(x, (before[1], behind[1], before[0], behind[0])), weight, stride=stride, groups=groups)
        module = nn.BatchNorm2d(len(weight), eps=1e-3).eval()
        module.load_state_dict({key: stored[f"{norm}.{key}"] for key in module.state_dict()})
        return batch_norm(x, module)

    x = layer((255 * images - 127) / 128, "_conv_stem", "_bn0", 2).clamp(0, 6)
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]
    for number, stride in enumerate(strides):
        name, y = f"_blocks.{number}", x
        if f"{name}._expand_conv.weight" in stored:
            y = layer(y, f"{name}._expand_conv", f"{name}._bn0").clamp(0, 6)
        y = layer(y, f"{name}._depthwise_conv", f"{name}._bn1", stride).clamp(0, 6)
        y = layer(y, f"{name}._project_conv", f"{name}._bn2")
        x = x + y if y.shape == x.shape else y
    x = layer(x, "_conv_head", "_bn1").clamp(0, 6)
    return x.mean((2, 3)) @ stored["_fc.weight"].T + stored["_fc.bias"]


def roughness(pictures: np.ndarray) -> float:
    """The sum of squared differences between each weight and its right and lower neighbour."""
    total = 0.0
    for picture in pictures:
        for row in range(len(picture)):
            for column in range(len(picture[0])):
                if row + 1 < len(picture):
                    total += float(picture[row + 1][column] - picture[row][column]) ** 2
                if column + 1 < len(picture[0]):
                    total += float(picture[row][column + 1] - picture[row][column]) ** 2
    return total


def moved(image: np.ndarray, angle: float, scale: float, right: float, down: float) -> np.ndarray:
    """The bilinear warp that reads, for each pixel, the place turned by `angle`, shrunk by `scale`, then shifted.

    Places are counted in pixels from the image's middle; outside it there is no ink.
    """
    size = len(image)
    middle = (size - 1) / 2
    out = np.zeros_like(image)
    for row in range(size):
        for column in range(size):
            x, y = column - middle, row - middle
            from_x = (math.cos(angle) * x - math.sin(angle) * y) / scale + right + middle
            from_y = (math.sin(angle) * x + math.cos(angle) * y) / scale + down + middle
            out[row, column] = _bilinear(image, from_y, from_x)
    return out


def _bilinear(image: np.ndarray, y: float, x: float) -> float:
    total = 0.0
    for row in (math.floor(y), math.floor(y) + 1):
        for column in (math.floor(x), math.floor(x) + 1):
            if 0 <= row < len(image) and 0 <= column < len(image):
                total += (1 - abs(y - row)) * (1 - abs(x - column)) * float(image[row, column])
    return total


def mass_centre(image: np.ndarray) -> tuple[float, float]:
    """Where an image's ink balances, in rows and columns from the first pixel."""
    total = down = right = 0.0
    for row in range(len(image)):
        for column in range(len(image[0])):
            total += image[row][column]
            down += row * image[row][column]
            right += column * image[row][column]
    return down / total, right / total


def mean_frequency(image: Tensor) -> float:
    """The Fourier sum of the windowed brightness, frequency by frequency."""
    height, width = image.shape[1:]
    hann = [[math.sin(math.pi * i / (n - 1)) ** 2 for i in range(n)] for n in (height, width)]
    grey = image.mean(0).double()
    weights = {(y, x): hann[0][y] * hann[1][x] for y in range(height) for x in range(width)}
    mean = sum(weights[place] * float(grey[place]) for place in weights) / sum(weights.values())
    power, moment = 0.0, 0.0
    for v in range(-(height // 2), height - height // 2):
        for u in range(-(width // 2), width - width // 2):
            term = sum(
                weight * (float(grey[y, x]) - mean) * cmath.exp(-2j * math.pi * (v * y / height + u * x / width))
                for (y, x), weight in weights.items()
            )
            power += abs(term) ** 2
            moment += abs(term) ** 2 * math.hypot(v / height, u / width)
    return moment / power


def colourfulness(image: Tensor) -> float:
    """Pixel by pixel, in steps of 255."""
    pixels = [[255 * float(value) for value in pixel] for pixel in image.flatten(1).T]
    rg = [r - g for r, g, _ in pixels]
    yb = [0.5 * (r + g) - b for r, g, b in pixels]
    deviations = [statistics.pstdev(values) for values in (rg, yb)]
    return math.hypot(*deviations) + 0.3 * math.hypot(statistics.fmean(rg), statistics.fmean(yb))
