"""Methods that go backwards through the net: gradients, what is made of them, and rules beside them."""

import warnings
from collections.abc import Iterable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from captum import attr
from captum.attr._core.deep_lift import SUPPORTED_NON_LINEAR, nonlinear
from captum.attr._utils.lrp_rules import EpsilonRule, GammaRule
from jaxtyping import Float
from torch import Generator, Tensor, nn

from core.attribution.outcome import AT_ONCE, Forming, Images, Outcome, Target, baselines, mean
from core.layers import Layer, copied, list_layers, shell, units_first
from core.models.explicit import units_last
from core.models.lite import ReLU6

STEPS = 64  # points on an integral's path; a photo's sums are off by a tenth then, and by nearly all with 32
STRETCHES = {1: 1, 3: 8}  # of that path, one after the other
FINER = 4  # times as many points has conductance's path: its sums are off by 0.7 % then, and by 3 % otherwise
NOISE = 0.15  # standard deviation of SmoothGrad's noise
# By colours: how many pieces SmoothGrad and gradient SHAP draw, and of how many images each. The standard error of
# digits' maps is at most 0.3 of their size then, on the mean over test images, in every net (`core.trust` measures it).
PIECES, COPIES = {1: (8, 8), 3: (6, 6)}, {1: 16, 3: 6}
GAMMA = 0.25  # how much positive weights are favoured

warnings.filterwarnings("ignore", category=UserWarning, module="captum")  # it announces each hook that it sets
SUPPORTED_NON_LINEAR[ReLU6] = nonlinear  # DeepLift's rescale rule holds for it as for any ReLU


def saliency(model: nn.Module, x: Images, target: Target) -> Images:
    """The gradient (Simonyan, Vedaldi, Zisserman 2014, section 3; they take its absolute value)."""
    return attr.Saliency(Outcome(model, target)).attribute(x, abs=False)


def input_x_gradient(model: nn.Module, x: Images, target: Target) -> Images:
    """Pixel times gradient (Shrikumar, Greenside, Shcherbina, Kundaje 2016)."""
    return attr.InputXGradient(Outcome(model, target)).attribute(x).detach()


def integrated_gradients(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Iterator[Forming]:
    """(x - x') times the gradients' mean on the line from x' to x (Sundararajan, Taly, Yan 2017, equation 1).

    By the midpoint rule: a ReLU net's gradient jumps along the line, and there it errs less than Gauss and Legendre's.
    """
    method, stretches = attr.IntegratedGradients(Outcome(model, target)), STRETCHES[x.shape[1]]
    options = {"n_steps": STEPS // stretches, "method": "riemann_middle",
               "internal_batch_size": max(AT_ONCE[x.shape[1]], len(x))}  # fmt: skip

    def along(begin: Images, stretch: int) -> Images:
        here, there = (begin.lerp(x, part / stretches) for part in (stretch, stretch + 1))
        return stretches * method.attribute(there, here, **options).to(x.dtype)

    return mean([partial(along, begin, part) for begin in baselines(x, baseline) for part in range(stretches)])


def smooth_grad(model: nn.Module, x: Images, target: Target) -> Iterator[Forming]:
    """The gradients' mean over noisy copies (Smilkov, Thorat, Kim, Viégas, Wattenberg 2017, section 2).

    Every image gets the same noise, so that its map depends on it alone.
    """
    method = attr.Saliency(Outcome(model, target))

    def drawn(draw: int) -> Images:
        noise = NOISE * torch.randn(COPIES[x.shape[1]], *x.shape[1:], generator=Generator().manual_seed(draw))
        return _mean_of_copies(method.attribute((x[:, None] + noise).flatten(0, 1), abs=False), x)

    return mean([partial(drawn, draw) for draw in range(PIECES[x.shape[1]][0])], drawn=True)


def _mean_of_copies(found: Images, x: Images) -> Images:
    return found.unflatten(0, (len(x), -1)).mean(1)


def guided_backprop(model: nn.Module, x: Images, target: Target) -> Images:
    """The gradient, where ReLUs let only positive ones of it back (Springenberg et al. 2015, figure 1).

    Which layers' weights it depends on, and how much, differs from net to net: see `core.trust`.
    """
    return attr.GuidedBackprop(Outcome(shell(model), target)).attribute(x)


def deconvolution(model: nn.Module, x: Images, target: Target) -> Images:
    """What a deconvolutional net sends back (Zeiler, Fergus 2014): ReLUs pass on what is positive on the way back."""
    return attr.Deconvolution(Outcome(shell(model), target)).attribute(x)


def deep_lift(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Iterator[Forming]:
    """Differences from a reference, passed back by the rescale rule (Shrikumar, Greenside, Kundaje 2017)."""
    method = attr.DeepLift(Outcome(shell(model), target))
    return mean([partial(method.attribute, x, begin) for begin in baselines(x, baseline)])


def gradient_shap(model: nn.Module, x: Images, target: Target) -> Iterator[Forming]:
    """Expected gradients: (x - x') times the gradient at a random point between, for images x' of noise and black.

    Lundberg, Lee 2017 in the form of Erion et al. 2021, equation 3. Half of the images x' are black. Every image gets
    the same draws, so that its map depends on it alone; Captum's draws depend on the batch.
    """
    method, copies = attr.Saliency(Outcome(model, target)), COPIES[x.shape[1]]

    def drawn(draw: int) -> Images:
        generator = Generator().manual_seed(draw)
        begins = torch.rand(copies, *x.shape[1:], generator=generator)
        begins[::2] = 0
        way = x[:, None] - begins
        between = begins + torch.rand(copies, 1, 1, 1, generator=generator) * way
        return _mean_of_copies(way.flatten(0, 1) * method.attribute(between.flatten(0, 1), abs=False), x)

    return mean([partial(drawn, draw) for draw in range(PIECES[x.shape[1]][1])], drawn=True)


class _GammaRule(GammaRule):  # type: ignore[misc]  # Captum's types are unknown
    """Captum's gamma rule, the bias in it as the paper has it: the weight of a neuron that is always 1."""

    def _manipulate_weights(self, module: nn.Module, inputs: tuple[Tensor, ...], outputs: Tensor) -> None:
        super()._manipulate_weights(module, inputs, outputs)
        if isinstance(module.bias, Tensor):
            module.bias.data = module.bias.data + self.gamma * module.bias.data.clamp(min=0)


def lrp(model: nn.Module, x: Images, target: Target) -> Images:
    """Layer-wise relevance propagation by the gamma rule (Montavon, Binder, Lapuschkin, Samek, Müller 2019, table 1).

    It favours what excites a unit over what inhibits it. The epsilon rule of Bach et al. 2015 would be pixel times
    gradient here (Ancona, Ceolini, Öztireli, Gross 2018, proposition 1).
    """
    net = copied(model)  # Captum's rules change weights for a moment
    for module in net.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            vars(module)["rule"] = _GammaRule(gamma=GAMMA)
        elif isinstance(module, nn.Flatten):
            vars(module)["rule"] = EpsilonRule()  # it only rearranges, for which the rule is exact
    return attr.LRP(Outcome(net, target)).attribute(x).detach()


def grad_cam(model: nn.Module, x: Images, target: Target, layer: str | None = None) -> Images:
    """The last maps, each weighed by its mean gradient, summed (Selvaraju et al. 2017, equations 1 and 2), enlarged.

    Here without their ReLU, so that what speaks against the target is seen as well. Colours share a pixel's evenly.
    """
    maps = _cam(model, x, target, layer, relu=False)
    return F.interpolate(maps, x.shape[2:], mode="bilinear").expand_as(x) / x.shape[1]


def guided_grad_cam(model: nn.Module, x: Images, target: Target, layer: str | None = None) -> Images:
    """Grad-CAM, its positive part, times guided backprop (Selvaraju et al. 2017, section 3.1)."""
    maps = F.interpolate(_cam(model, x, target, layer, relu=True), x.shape[2:], mode="bilinear")
    return maps * guided_backprop(model, x, target)


def _cam(model: nn.Module, x: Images, target: Target, layer: str | None, relu: bool) -> Float[Tensor, "batch 1 h w"]:
    net = shell(model)
    outcome = Outcome(net, target)
    name = layer or last_maps(model, list_layers(model, x.shape[1:]), target)
    return attr.LayerGradCam(outcome, net.get_submodule(name)).attribute(x, relu_attributions=relu).detach()


def last_maps(model: nn.Module, layers: Iterable[Layer], target: Target) -> str:
    """The deepest layer in front of the target that has maps of more than one place.

    Raises ValueError where none has, or where it has its units last: Captum would take columns for units.
    """
    names = []
    for layer in layers:
        if layer.name == target.layer:
            break
        if len(layer.shape) == 3 and max(layer.shape[1:]) > 1:
            names.append(layer.name)
    if not names:
        raise ValueError(f"There are no maps in front of {target.layer}.")
    if units_last(model.get_submodule(names[-1])):
        raise ValueError(f"The maps of {names[-1]} have their units last, and the method wants them first.")
    return names[-1]


def conductance(
    model: nn.Module, x: Images, target: Target, layer: str, baseline: str = "black"
) -> Float[Tensor, "batch units"]:
    """How much of the target flows through each unit of a layer (Dhamdhere, Sundararajan, Yan 2019, equation 1).

    Over its map, or over time, it is summed; a layer's units add up to what the target changed since the baseline.
    """
    net = shell(model)
    module = net.get_submodule(layer)
    method = attr.LayerConductance(Outcome(net, target), module)
    options = {"n_steps": FINER * STEPS, "method": "riemann_trapezoid",
               "internal_batch_size": max(AT_ONCE[x.shape[1]], len(x))}  # fmt: skip
    found = torch.stack([method.attribute(x, begin, **options).detach() for begin in baselines(x, baseline)]).mean(0)
    return units_first(module, found).flatten(2).sum(2) if found.ndim > 2 else found
