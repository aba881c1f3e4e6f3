"""Slow, plain references, each re-derived from its source, that the fast code is tested against."""

import cmath
import copy
import itertools
import math
import statistics
from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import entr
from torch import Tensor, nn

from core.layers import run_to

Score = Callable[[Tensor], Tensor]


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


def apart(points: Tensor, a: Tensor, b: Tensor, metric: str) -> float:
    """How far two points are from each other; by "cosine" 1 - cos of what differs from the mean of `points`."""
    if metric == "euclidean":
        return math.sqrt(sum((x - y) ** 2 for x, y in zip(a.tolist(), b.tolist(), strict=True)))
    mean = [statistics.fmean(column) for column in points.T.tolist()]
    u, v = ([x - m for x, m in zip(point.tolist(), mean, strict=True)] for point in (a, b))
    return 1 - sum(x * y for x, y in zip(u, v, strict=True)) / math.hypot(*u) / math.hypot(*v)


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


def gram(activation: Tensor) -> list[list[float]]:
    """Gatys, Ecker, Bethge 2015, equation 1, divided by the number of places: of one activation (units, rows, columns).

    Unit i times unit j, place by place.
    """
    units, rows, columns = activation.shape
    values = activation.double().tolist()
    return [[sum(values[i][y][x] * values[j][y][x] for y in range(rows) for x in range(columns)) / (rows * columns)
             for j in range(units)] for i in range(units)]  # fmt: skip


def style_distance(activation: Tensor, wanted: Tensor, centred: bool) -> float:
    """The squared distance of two activations' Gram matrices as a share of the wanted one's square.

    Centred, half of it is that of covariances, half that of means.
    """
    if not centred:
        return _share(torch.tensor(gram(activation)), torch.tensor(gram(wanted)))
    means = [each.double().mean((1, 2)) for each in (activation, wanted)]
    rest = [torch.tensor(gram(each - mean[:, None, None]))
            for each, mean in zip((activation, wanted), means, strict=True)]  # fmt: skip
    return (_share(*rest) + _share(*means)) / 2


def _share(found: Tensor, wanted: Tensor) -> float:
    pairs = list(zip(found.flatten().tolist(), wanted.flatten().tolist(), strict=True))
    return sum((a - b) ** 2 for a, b in pairs) / sum(b**2 for _, b in pairs)


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


def integrated_gradients(score: Score, x: Tensor, begin: Tensor, steps: int = 2000) -> Tensor:
    """Sundararajan et al. 2017, equation 1, by the midpoint rule, one point of the path after another."""
    total = torch.zeros_like(x)
    for step in range(steps):
        at = (begin + (step + 0.5) / steps * (x - begin)).requires_grad_()
        (gradient,) = torch.autograd.grad(score(at).sum(), at)
        total += gradient
    return (x - begin) * total / steps


def dense_backward(net: nn.Sequential, x: Tensor, unit: int, rule: str) -> Tensor:
    """What a dense ReLU net sends back to one image, layer by layer, by one of four rules; its layers in a list.

    "gradient": R = (f > 0) R. "guided": R = (f > 0) (R > 0) R. "deconvolution": R = (R > 0) R (Springenberg et al.
    2015, figure 1). "rescale": R = R (relu(f) - relu(f')) / (f - f') beside a black image (Shrikumar et al. 2017,
    equations 9 to 12); times the pixels it is DeepLift.
    """
    linears = [module for module in net if isinstance(module, nn.Linear)]
    sums, black = [x.flatten()], [torch.zeros(x.numel())]
    for place, linear in enumerate(linears):
        for here in (sums, black):
            here.append(linear.weight @ (here[-1].clamp(min=0) if place else here[-1]) + linear.bias)
    back = linears[-1].weight[unit].clone()
    for place in range(len(linears) - 1, 0, -1):
        f, f0 = sums[place], black[place]
        if rule == "rescale":
            change = f - f0
            back = back * torch.where(change.abs() < 1e-8, (f > 0).float(), (f.clamp(min=0) - f0.clamp(min=0)) / change)
        if rule in ("gradient", "guided"):
            back = back * (f > 0)
        if rule in ("guided", "deconvolution"):
            back = back.clamp(min=0)
        back = back @ linears[place - 1].weight
    return back.view_as(x)


def lrp_gamma(net: nn.Sequential, x: Tensor, unit: int, gamma: float) -> Tensor:
    """Montavon et al. 2019, table 1: R_j = sum_k a_j (w_jk + gamma w_jk+) / (sum_0,j of the same) R_k.

    The bias is the neuron 0 with a_0 = 1 and w_0k = b_k (their section 10.2); what it gets is not passed on.
    """
    linears = [module for module in net if isinstance(module, nn.Linear)]
    inputs = [x.flatten()]
    for linear in linears[:-1]:
        inputs.append((linear.weight @ inputs[-1] + linear.bias).clamp(min=0))
    relevance = torch.zeros(linears[-1].out_features)
    relevance[unit] = (linears[-1].weight @ inputs[-1] + linears[-1].bias)[unit]
    for linear, a in zip(reversed(linears), reversed(inputs), strict=True):
        a = torch.cat([torch.ones(1), a])
        weight = torch.cat([linear.bias[:, None], linear.weight], dim=1)
        weight = weight + gamma * weight.clamp(min=0)
        before = torch.zeros_like(a)
        for k in range(len(relevance)):
            parts = [a[j] * weight[k, j] for j in range(len(a))]
            for j in range(len(a)):
                before[j] += parts[j] / sum(parts) * relevance[k]
        relevance = before[1:]
    return relevance.view_as(x)


def occlusion(score: Score, x: Tensor, side: int, step: int) -> Tensor:
    """How far the score falls under each black square; a pixel's mean over those that cover it. The last lie flush."""
    height, width = x.shape[2:]
    falls, covers = torch.zeros_like(x), torch.zeros_like(x)
    for top in range(0, height - side + step, step):
        for left in range(0, width - side + step, step):
            covered = x.clone()
            covered[:, :, top : top + side, left : left + side] = 0
            falls[:, :, top : top + side, left : left + side] += float(score(x) - score(covered))
            covers[:, :, top : top + side, left : left + side] += 1
    return falls / covers


def shapley(score: Score, x: Tensor, mask: Tensor) -> dict[int, float]:
    """Shapley 1953: what each superpixel adds to those before it, on the mean over all orders, by enumeration."""
    players = mask.unique().tolist()
    worth = {}
    for there in itertools.chain.from_iterable(itertools.combinations(players, n) for n in range(len(players) + 1)):
        worth[frozenset(there)] = float(score(torch.where(torch.isin(mask, torch.tensor(there)), x, 0.0)))
    orders = list(itertools.permutations(players))
    return {
        player: sum(
            worth[frozenset(order[: order.index(player) + 1])] - worth[frozenset(order[: order.index(player)])]
            for order in orders
        )
        / len(orders)
        for player in players
    }


def grad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """Selvaraju et al. 2017, equations 1 and 2 without the ReLU, for maps and gradients (1, units, height, width)."""
    total = torch.zeros(maps.shape[2:])
    for unit in range(maps.shape[1]):
        total += gradients[0, unit].mean() * maps[0, unit]
    return total


def spans(
    model: nn.Module, layer: str, shape: tuple[int, int, int], seeds: int = 8
) -> tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]]:
    """For each row and column of a layer's map, from which pixel row to before which its gradients reach.

    Units are weighted at random, so that nothing cancels out; what is reached by the gradient for any of the noise
    images counts. A layer without a map is one place. Rows and columns that see nothing are left out.
    """
    reached: tuple[dict[int, Tensor], dict[int, Tensor]] = {}, {}
    for seed in range(seeds):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(1, *shape, generator=generator).requires_grad_()
        out = run_to(model, x, [layer])[layer]
        out = out.flatten(1)[..., None, None] if out.ndim < 4 else out
        weighted = out * torch.randn(out.shape, generator=generator)
        for axis in (0, 1):
            for index, place in enumerate(weighted.unbind(axis + 2)):
                (gradient,) = torch.autograd.grad(place.sum(), x, retain_graph=True)
                mask = (gradient != 0)[0].any(0).any(1 - axis)
                reached[axis][index] = mask | reached[axis].get(index, torch.zeros_like(mask))
    down, across = ({index: _span(mask) for index, mask in of_axis.items() if mask.any()} for of_axis in reached)
    return down, across


def _span(mask: Tensor) -> tuple[int, int]:
    places = mask.nonzero()[:, 0]
    return int(places[0]), int(places[-1]) + 1


def digit_net(net: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """What each layer of a digit net puts out, from its weights alone: (batch, units, places), a neuron in one place.

    Dense: W x + b. CNN: kernel x kernel sums over the zero-padded image, means over 2 x 2. RNN: see `lstm`, row by row.
    """
    if hasattr(net, "recurrent1"):
        lstm1 = lstm(net.recurrent1, images[:, 0])
        lstm2 = lstm(net.recurrent2, lstm1)
        logits = lstm2[:, -1] @ net.logits.weight.T + net.logits.bias
        return {"lstm1": lstm1.transpose(1, 2), "lstm2": lstm2.transpose(1, 2), "logits": logits[..., None]}
    seen, x = {}, images
    for name, module in net.named_children():
        if name.startswith("conv"):
            kernel = module.weight.shape[-1]
            windows = F.pad(x, (kernel // 2,) * 4).unfold(2, kernel, 1).unfold(3, kernel, 1)
            x = torch.einsum("nchwyx,ucyx->nuhw", windows, module.weight) + module.bias[:, None, None]
        elif name.startswith("pool"):
            rows, columns = x.shape[2] // 2 * 2, x.shape[3] // 2 * 2
            x = sum(x[:, :, down:rows:2, right:columns:2] for down in (0, 1) for right in (0, 1)) / 4
        elif name.startswith("relu"):
            x = x * (x > 0)
        elif name.startswith("sigmoid"):
            x = 1 / (1 + torch.exp(-x))
        elif name != "flatten":
            x = x.flatten(1) @ module.weight.T + module.bias
        if name != "flatten":
            seen[name] = x.flatten(2) if x.ndim == 4 else x[..., None]
    return seen


def tsne_affinities(points: np.ndarray, perplexity: float) -> np.ndarray:
    """Van der Maaten and Hinton 2008, equations 1 and 2: p_ij, each row's width found by halving.

    Of each point, only the nearest 3 perplexity others count (van der Maaten 2014, section 4.1).
    """
    alike = np.zeros((len(points), len(points)))
    for i, point in enumerate(points.astype(float)):
        squares = ((points - point) ** 2).sum(1)
        near = [j for j in np.argsort(squares) if j != i][: int(3 * perplexity)]
        low, high = 0.0, 1e4
        for _ in range(60):
            precision = (low + high) / 2
            share = np.exp(-precision * (squares[near] - squares[near].min()))
            share /= share.sum()
            low, high = (precision, high) if entr(share).sum() > math.log(perplexity) else (low, precision)
        alike[i, near] = share
    return (alike + alike.T) / (2 * len(points))


def tsne_balance(alike: np.ndarray, flat: np.ndarray) -> float:
    """By what attraction has to be multiplied to balance repulsion, on the whole.

    Van der Maaten and Hinton 2008, equation 5: point i is drawn by sum_j p_ij (y_i - y_j) / (1 + |y_i - y_j|^2) and
    driven apart by the same with q_ij.
    """
    apart = flat[:, None].astype(float) - flat
    near = 1 / (1 + (apart**2).sum(2))
    np.fill_diagonal(near, 0)
    drawn, driven = (((weight * near)[..., None] * apart).sum(1) for weight in (alike, near / near.sum()))
    return float((drawn * driven).sum() / (drawn * drawn).sum())


def adam_one_cycle(weights: np.ndarray, batches: list[tuple[np.ndarray, np.ndarray]], peak: float) -> np.ndarray:
    """Softmax regression (classes, inputs + 1), the bias last, by Adam under a one-cycle rate, a step a batch.

    Kingma and Ba 2015, algorithm 1, with 0.999 and 1e-8. Smith and Topin 2018: over the first 0.3 of the steps the rate
    rises from a 25th of its peak along half a cosine, and falls to a 10,000th of its start; the decay of Adam's first
    moment, 0.95 at the ends and 0.85 at the peak, mirrors it.
    """
    steps, m, v = len(batches), np.zeros_like(weights), np.zeros_like(weights)
    turn = 0.3 * steps - 1

    def along(step: int, start: float, top: float, end: float) -> float:
        first, then, share = (
            (start, top, step / turn) if step <= turn else (top, end, (step - turn) / (steps - 1 - turn))
        )
        return then + (first - then) * (1 + math.cos(math.pi * share)) / 2

    for step, (images, labels) in enumerate(batches):
        x = np.hstack([images, np.ones((len(images), 1))])
        shares = np.exp(x @ weights.T)
        shares /= shares.sum(1, keepdims=True)
        gradient = (shares - np.eye(len(weights))[labels]).T @ x / len(x)
        decay = along(step, 0.95, 0.85, 0.95)
        m, v = decay * m + (1 - decay) * gradient, 0.999 * v + 0.001 * gradient**2
        mean, spread = m / (1 - decay ** (step + 1)), v / (1 - 0.999 ** (step + 1))
        weights = weights - along(step, peak / 25, peak, peak / 25 / 1e4) * mean / (np.sqrt(spread) + 1e-8)
    return weights


def with_ink(x: Tensor, order: Tensor, share: float, insert: bool) -> Tensor:
    """Digits without that share of their pixels with ink, the largest of the order first, or with it alone."""
    out = x.clone() if not insert else torch.zeros_like(x)
    for image, own, changed in zip(x.flatten(1), order.flatten(1), out.flatten(1), strict=True):
        ink = np.flatnonzero(image.numpy() > 0)
        first = ink[np.argsort(-own.numpy()[ink], kind="stable")][: round(share * len(ink))]
        changed[first] = image[first] if insert else 0.0
    return out


def nearer_half(shown: Tensor, pair: Tensor) -> float:
    """1 if the first of a pair of vectors has the larger mean cosine with those shown, 0 if the second, else a half."""
    first, second = (
        sum(float(one @ other) / float(one.norm() * other.norm()) for other in shown) / len(shown) for one in pair
    )
    return 0.5 if first == second else float(first > second)


def nonlinearity(pixels: Tensor, values: Tensor, strengths: list[float]) -> float:
    """1 - R^2 of one unit with one place on every fourth image, by Hoerl and Kennard 1970: (X'X + k I) b = X'y.

    Of the others, every fourth says which strength, as a share of the pixels' mean variance; all else is fitted.
    """
    held = list(range(3, len(pixels), 4))
    learned = [i for i in range(len(pixels)) if i % 4 != 3]
    chosen, fitted = learned[3::4], [i for place, i in enumerate(learned) if place % 4 != 3]
    x, y = pixels.double().numpy(), values.double().numpy()
    centre, mean = x[fitted].mean(0), y[fitted].mean()
    gram, products = np.zeros((x.shape[1],) * 2), np.zeros(x.shape[1])
    for i in fitted:
        gram += np.outer(x[i] - centre, x[i] - centre)
        products += (x[i] - centre) * (y[i] - mean)

    def missed(strength: float, part: list[int]) -> float:
        k = strength * np.trace(gram) / len(gram)
        slopes = np.linalg.solve(gram + k * np.eye(len(gram)), products)
        return sum((y[i] - mean - (x[i] - centre) @ slopes) ** 2 for i in part)

    best = min(strengths, key=lambda strength: missed(strength, chosen))
    return missed(best, held) / sum((y[i] - y[held].mean()) ** 2 for i in held)


def debiased_cka(first: Tensor, second: Tensor) -> float:
    """Kornblith et al. 2019, equation 4, with Nguyen et al. 2021, equation 3, for HSIC: sums over pairs of images.

    (tr KL + sum K sum L / (n - 1) / (n - 2) - 2 / (n - 2) sum KL) / (n (n - 3)), both without their diagonals.
    """
    n = len(first)

    def kernel(values: Tensor) -> list[list[float]]:
        rows = values.double().tolist()
        return [[sum(a * b for a, b in zip(rows[i], rows[j], strict=True)) if i != j else 0.0 for j in range(n)]
                for i in range(n)]  # fmt: skip

    def hsic(k: list[list[float]], m: list[list[float]]) -> float:
        trace = sum(k[i][j] * m[j][i] for i in range(n) for j in range(n))
        chain = sum(k[h][i] * m[i][j] for h in range(n) for i in range(n) for j in range(n))
        sums = sum(map(sum, k)) * sum(map(sum, m))
        return (trace + sums / (n - 1) / (n - 2) - 2 / (n - 2) * chain) / (n * (n - 3))

    k, m = kernel(first), kernel(second)
    return hsic(k, m) / math.sqrt(hsic(k, k) * hsic(m, m))


def class_selectivity(values: list[float], labels: list[int]) -> float:
    """Morcos et al. 2018, of one unit: (mu_max - mu_-max) / (mu_max + mu_-max)."""
    members = [[v for v, own in zip(values, labels, strict=True) if own == label] for label in set(labels)]
    means = [statistics.fmean(own) for own in members]
    highest = max(means)
    means.remove(highest)
    others = statistics.fmean(means)
    return (highest - others) / (highest + others)


def eta_squared(values: list[float], labels: list[int]) -> float:
    """1 - the variance of what is left of one unit's values without their class's mean, beside the whole."""
    left = []
    for label in set(labels):
        own = [v for v, of in zip(values, labels, strict=True) if of == label]
        left += [v - statistics.fmean(own) for v in own]
    return 1 - sum(v * v for v in left) / len(left) / statistics.pvariance(values)


def sparsity(values: list[float]) -> float:
    """Hoyer 2004, of one row."""
    n = len(values)
    l1, l2 = sum(abs(v) for v in values), math.sqrt(sum(v * v for v in values))
    return (math.sqrt(n) - l1 / l2) / (math.sqrt(n) - 1)


def participation_ratio(values: Tensor) -> float:
    """Gao et al. 2017: the eigenvalues of the covariance, their sum squared over the sum of their squares."""
    eigenvalues = np.linalg.eigvalsh(np.cov(values.double().numpy(), rowvar=False))
    return sum(eigenvalues) ** 2 / sum(value**2 for value in eigenvalues)


def probe(values: Tensor, labels: list[int], weaknesses: list[float]) -> float:
    """The share of every fourth image that a softmax gets right, fitted by descent down C losses + |w|^2 / 2.

    Of the others, every fourth says which C has the least loss, then all of them are fitted once more.
    """
    held = list(range(3, len(labels), 4))
    learned = [i for i in range(len(labels)) if i % 4 != 3]
    chosen, fitted = learned[3::4], [i for place, i in enumerate(learned) if place % 4 != 3]
    x, y = values.double() - values[learned].double().mean(0), torch.tensor(labels)
    x /= x[learned].square().sum(1).mean().sqrt()

    def logits(weakness: float, among: list[int], of: list[int]) -> Tensor:
        weights, bias = torch.zeros(x.shape[1], int(y.max()) + 1).double(), torch.zeros(int(y.max()) + 1).double()
        one = torch.eye(len(bias)).double()[y[among]]
        rate = 1 / (weakness * len(among) + 1)
        for _ in range(4000):
            wrong = (x[among] @ weights + bias).softmax(1) - one
            weights, bias = (
                weights - rate * (weakness * x[among].T @ wrong + weights),
                bias - rate * weakness * wrong.sum(0),
            )
        return x[of] @ weights + bias

    best = min(weaknesses, key=lambda c: float(F.cross_entropy(logits(c, fitted, chosen), y[chosen])))
    return float((logits(best, learned, held).argmax(1) == y[held]).double().mean())


def effective_field(kernel: int, layers: int, side: int) -> list[list[float]]:
    """Luo et al. 2016: of stacked even kernels the gradient is an even row, convolved with itself."""
    row = [1.0]
    for _ in range(layers):
        wider = [0.0] * (len(row) + kernel - 1)
        for place, value in enumerate(row):
            for step in range(kernel):
                wider[place + step] += value / kernel
        row = wider
    missing = (side - len(row)) // 2
    row = [0.0] * missing + row + [0.0] * missing
    return [[a * b for b in row] for a in row]


def moved_here(net: nn.Module, image: Tensor, layer: str, unit: int, place: tuple[int, ...]) -> Tensor:
    """How much a unit at a place changes with each pixel, by central differences: (height, width), never negative."""
    found = torch.zeros_like(image)
    for index in range(image.numel()):
        values = []
        for change in (1e-6, -1e-6):
            near = image.clone()
            near.view(-1)[index] += change
            with torch.no_grad():
                values.append(float(run_to(net, near[None], [layer])[layer][(0, unit, *place)]))
        found.view(-1)[index] = (values[0] - values[1]) / 2e-6
    return found.abs().sum(0)


def fewest(field: Tensor, share: float) -> int:
    """Pixels are taken one by one, the strongest first, until they hold the share."""
    left = sorted((Fraction(value) for value in field.flatten().tolist()), reverse=True)
    held, total = Fraction(0), sum(left)
    for count, value in enumerate(left, 1):
        held += value
        if held >= Fraction(str(share)) * total:
            return count
    raise AssertionError


def locality(picture: Tensor) -> int:
    """The side of the first square, from small to large, in which there is 90 % of the squared values."""
    _, height, width = picture.shape
    power = [[sum(float(v) ** 2 for v in picture[:, y, x]) for x in range(width)] for y in range(height)]
    for side in range(1, max(height, width) + 1):
        for top in range(max(1, height - side + 1)):
            for left in range(max(1, width - side + 1)):
                if sum(sum(row[left : left + side]) for row in power[top : top + side]) >= 0.9 * sum(map(sum, power)):
                    return side
    raise AssertionError


def purity(labels: list[int]) -> float:
    """The share of the commonest label, label by label."""
    return max(sum(other == label for other in labels) for label in labels) / len(labels)


def coherence(features: list[list[list[float]]]) -> float:
    """The mean cosine of all pairs of images, pair by pair, for each who sees them; then the mean of these."""
    cosines = [
        [sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)
         for a, b in itertools.combinations(seen, 2)] for seen in features
    ]  # fmt: skip
    return statistics.fmean(map(statistics.fmean, cosines))


def strongest(values: list[float], k: int) -> list[int]:
    """Whose values are the largest, of equal ones the earlier."""
    return sorted(range(len(values)), key=lambda place: (-values[place], place))[:k]


def fixed_point_round(white: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Hyvärinen 1999: w <- E[x g(w x)] - E[g'(w x)] w for g = tanh, then (W W')^(-1/2) W: a row a component."""
    found = []
    for row in rows:
        along = [float(x @ row) for x in white]
        pulled = sum(x * math.tanh(a) for x, a in zip(white, along, strict=True)) / len(white)
        found.append(pulled - statistics.fmean(1 - math.tanh(a) ** 2 for a in along) * row)
    sizes, axes = np.linalg.eigh(np.array(found) @ np.array(found).T)
    return axes @ np.diag(sizes**-0.5) @ axes.T @ np.array(found)


def information(first: list[int], second: list[int]) -> float:
    """Shannon 1948: the sum over pairs of p(a, b) log2 p(a, b) / p(a) p(b), each share counted anew."""
    n, total = len(first), 0.0
    for a, b in set(zip(first, second, strict=True)):
        both = sum(x == a and y == b for x, y in zip(first, second, strict=True)) / n
        total += both * math.log2(both / (first.count(a) / n) / (second.count(b) / n))
    return total


def performance_correlation(answers: list[int], simple: list[int], labels: list[int]) -> float:
    """Nakkiran et al. 2019: what is told of the labels, without what is told where the simple answer is known."""
    told, besides = information(answers, labels), 0.0
    for answer in set(simple):
        there = [place for place, other in enumerate(simple) if other == answer]
        within = information([answers[place] for place in there], [labels[place] for place in there])
        besides += len(there) / len(simple) * within
    return (told - besides) / told


def frozen_lstm(module: nn.LSTM, x: Tensor, unit: int, step: int) -> tuple[Tensor, float]:
    """What each number that an LSTM has read adds to one state, with the gates given, and what the biases add.

    Arras, Montavon, Mueller, Samek 2017: of a product the gate gets nothing, the signal all; of a sum each term gets
    its share; tanh hands on what it gets. Written out from the state back to the inputs, step by step, in float64:
    (time, inputs), and one number.
    """
    read, keep, *biases = (weight.double() for weight in module.all_weights[0])
    units, x = module.hidden_size, x.double()
    h, c = [torch.zeros(units).double()], [torch.zeros(units).double()]
    gates = []
    for row in x:
        i, f, g, o = (read @ row + keep @ h[-1] + biases[0] + biases[1]).split(units)
        gates.append((i.sigmoid(), f.sigmoid(), g, o.sigmoid()))
        c.append(f.sigmoid() * c[-1] + i.sigmoid() * g.tanh())
        h.append(o.sigmoid() * c[-1].tanh())
    of_state, of_memory = torch.zeros(units).double(), torch.zeros(units).double()
    of_state[unit] = h[step + 1][unit]
    found, of_bias = torch.zeros_like(x), 0.0
    for t in range(step, -1, -1):
        i, f, g, _ = gates[t]
        of_memory = of_memory + of_state  # through o tanh(c): all of it goes to the memory
        of_candidate = of_memory * (i * g.tanh()) / c[t + 1]
        of_memory = of_memory * (f * c[t]) / c[t + 1]
        of_state = torch.zeros_like(of_state)
        for cell in range(units):
            share, row = of_candidate[cell] / g[cell], 2 * units + cell
            found[t] += share * read[row] * x[t]
            of_state = of_state + share * keep[row] * h[t]
            of_bias += float(share * (biases[0][row] + biases[1][row]))
    return found, of_bias


def surviving(module: nn.LSTM, x: Tensor, unit: int, step: int) -> list[float]:
    """Gers, Schmidhuber, Cummins 2000: c_t unrolled is the sum over s of i_s g_s times f_(s+1) ... f_t."""
    units, h = module.hidden_size, torch.zeros(module.hidden_size).double()
    c = torch.zeros(units).double()
    read, keep, *biases = (weight.double() for weight in module.all_weights[0])
    written: list[float] = []
    for row in x[: step + 1].double():
        i, f, g, o = (read @ row + keep @ h + biases[0] + biases[1]).split(units)
        written = [float(f.sigmoid()[unit]) * before for before in written] + [float((i.sigmoid() * g.tanh())[unit])]
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    return written


def window_products(
    image: Tensor, kernel: Tensor, place: tuple[int, int], stride: int, padding: int
) -> tuple[Tensor, float]:
    """One place of a convolution, pixel by pixel: what each number of (channels, height, width) adds, and their sum."""
    found, total, kernel = torch.zeros_like(image), 0.0, kernel.detach()
    for channel, down, across in itertools.product(*map(range, kernel.shape)):
        row, column = place[0] * stride + down - padding, place[1] * stride + across - padding
        if 0 <= row < image.shape[1] and 0 <= column < image.shape[2]:
            found[channel, row, column] += kernel[channel, down, across] * image[channel, row, column]
            total += float(kernel[channel, down, across] * image[channel, row, column])
    return found, total


def witten_bell(text: str, context: str, character: str, alphabet: str) -> float:
    """p(character | context) by Witten and Bell 1991, method C, interpolated, by counting in the text."""
    shorter = witten_bell(text, context[1:], character, alphabet) if context else 1 / len(alphabet)
    follows = [text[place + len(context)] for place in range(len(text) - len(context))
               if text[place : place + len(context)] == context]  # fmt: skip
    kinds = len(set(follows))
    return (follows.count(character) + kinds * shorter) / (len(follows) + kinds) if follows else shorter


def influence_by_differences(net: nn.Module, x: Tensor, step: float = 1e-6) -> Tensor:
    """||d h_T / d x_s|| by central differences of the last state, input by input; its mean over sequences, T - s up.

    `net` has `recurrent`, which gives all states; Hochreiter 1991, Bengio, Simard and Frasconi 1994.
    """
    exact = copy.deepcopy(net).double()
    count, steps, features = x.shape
    squares = torch.zeros(count, steps, dtype=torch.float64)
    with torch.no_grad():
        for place, feature in itertools.product(range(steps), range(features)):
            ends = []
            for sign in (1, -1):
                moved = x.double().clone()
                moved[:, place, feature] += sign * step
                ends.append(exact.get_submodule("recurrent")(moved)[0][:, -1])
            squares[:, place] += ((ends[0] - ends[1]) / (2 * step)).square().sum(1)
    return torch.stack([squares[:, steps - 1 - distance].sqrt().mean() for distance in range(steps)])


def fooled(net: nn.Module, image: Tensor, label: int, radius: float, norm: str, steps: int, size: float,
           towards: bool) -> Tensor:  # fmt: skip
    """Madry et al. 2018, section 2.1, of one image: x <- the point of ball and range nearest to x + size * a step.

    The step follows the sign of the margin's gradient in L-inf, and in L2 the gradient at unit length, over pixels
    that can move. As a share of the radius it is `size` long. Ball first, then range: both hold then.
    """
    x = image.clone()
    for _ in range(steps):
        at = x.clone().requires_grad_()
        logits = net(at[None])[0]
        others = torch.cat([logits[:label], logits[label + 1 :]])
        margin = logits[label] - others.max()
        (slope,) = torch.autograd.grad(margin if towards else -margin, at)
        if norm == "L2":
            stuck = ((x <= 0) & (slope < 0)) | ((x >= 1) & (slope > 0))
            slope = torch.where(stuck, 0.0, slope)
            step = slope / slope.square().sum().sqrt()
        else:
            step = slope.sign()
        change = x + size * radius * step - image
        if norm == "L2":
            change = change * min(1.0, radius / float(change.square().sum().sqrt()))
        else:
            change = change.clamp(-radius, radius)
        x = (image + change).clamp(0, 1)
    return x


def deep_dream(score: Score, image: Tensor, octaves: int, scale: float, steps: int, rate: float) -> Tensor:
    """Mordvintsev, Olah, Tyka 2015, `deepdream`: from the smallest octave to the largest, what was added is carried on.

    In place of their step along the gradient, torch's Adam over waves: rfft2 of the logits of (3, height, width), each
    wave divided by its amplitude, which is sqrt(height width) / frequency.
    """
    mix = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
    mix = mix / max(float(mix[:, column].square().sum().sqrt()) for column in range(3))
    change = torch.zeros_like(image)
    for octave in range(octaves - 1, -1, -1):
        size = [round(side / scale**octave) for side in image.shape[1:]]
        base, change = (F.interpolate(each[None], size, mode="bilinear", antialias=True)[0] for each in (image, change))
        rows = [min(row, size[0] - row) / size[0] for row in range(size[0])]
        columns = [column / size[1] for column in range(size[1] // 2 + 1)]
        weights = torch.tensor([[(size[0] * size[1]) ** 0.5 / max(math.hypot(row, column), 1 / max(size))
                                 for column in columns] for row in rows])  # fmt: skip
        logits = torch.logit((base + change).clamp(0, 1).clamp(0.02, 0.98))
        unmixed = torch.linalg.solve(mix, logits.flatten(1)).view_as(logits)
        waves = torch.view_as_real(torch.fft.rfft2(unmixed) / weights).clone().requires_grad_()
        adam = torch.optim.Adam([waves], lr=rate)

        def draw(waves: Tensor, weights: Tensor = weights, size: list[int] = size) -> Tensor:
            colours = torch.fft.irfft2(torch.view_as_complex(waves) * weights, s=size)
            return torch.sigmoid((mix @ colours.flatten(1)).view_as(colours))

        for _ in range(steps):
            adam.zero_grad()
            (-score(draw(waves)[None])).sum().backward()
            adam.step()
        change = draw(waves).detach() - base
    return image + change


def inversion_loss(activation: Tensor, target: Tensor, far: Tensor, image: Tensor, tv: float) -> float:
    """Mahendran and Vedaldi 2015, equation 1, value by value: Euclidean loss, divided, and total variation.

    Each neighbour's difference counts by its absolute value, and the mean is taken over pixels and channels.
    """
    pairs = list(zip(activation.flatten().tolist(), target.flatten().tolist(), far.flatten().tolist(), strict=True))
    loss = sum((a - t) ** 2 for a, t, _ in pairs) / sum((f - t) ** 2 for _, t, f in pairs)
    rough, (channels, rows, columns) = 0.0, image.shape
    for channel in range(channels):
        for row in range(rows):
            for column in range(columns):
                here = float(image[channel, row, column])
                if row + 1 < rows:
                    rough += abs(float(image[channel, row + 1, column]) - here)
                if column + 1 < columns:
                    rough += abs(float(image[channel, row, column + 1]) - here)
    return loss + tv * rough / image.numel()
