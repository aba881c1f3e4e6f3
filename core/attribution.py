"""Which part of an input did it: Captum's methods, one function each, for any unit of any net.

Every function takes a model, images (batch, channels, height, width) in [0, 1] and a target, and returns a map shaped
like the images: how much each pixel added to the target, with its sign. Equal arguments give equal maps.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from captum import attr
from captum.attr._core.deep_lift import SUPPORTED_NON_LINEAR, nonlinear
from captum.attr._utils.lrp_rules import EpsilonRule, GammaRule
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.ascent.transforms import Blur
from core.data.digits import test_set
from core.examples import peak
from core.layers import copied, list_layers, run_to
from core.models.lite import ReLU6

Images = Float[Tensor, "batch channels height width"]

STEPS = {1: 64, 3: 32}  # points on an integral's path, by colours: digits and photos
AT_ONCE = {1: 64, 3: 12}  # images in a forward pass, so that memory stays below 1.5 GB
NOISY, NOISE = 16, 0.15  # copies that SmoothGrad averages, and their noise's standard deviation
DRAWS = 8  # baselines of noise that are averaged
GAMMA = 0.25  # how much positive weights are favoured
CELL, SEGMENTS = 4, 40  # pixels of a digit's superpixel; superpixels of a photo
ORDERS, COALITIONS = 25, 400  # random orders of Shapley value sampling; samples of Kernel SHAP
WINDOW = {1: (4, 2), 3: (16, 8)}  # by colours: side and step of the square that occludes

warnings.filterwarnings("ignore", category=UserWarning, module="captum")  # it announces each hook that it sets
SUPPORTED_NON_LINEAR[ReLU6] = nonlinear  # DeepLift's rescale rule holds for it as for any ReLU


@dataclass(frozen=True)
class Target:
    """What is to be explained: how strongly a unit answers, or how much more strongly than another one of its layer."""

    layer: str
    index: int
    minus: int | None = None


class Outcome(nn.Module):
    """A net as the one number per image that is to be explained: the unit's strongest value over map or time."""

    def __init__(self, model: nn.Module, target: Target) -> None:
        super().__init__()
        self.model, self.target = model, target

    def forward(self, x: Images) -> Float[Tensor, " batch"]:
        """The number for each image; nothing behind the target's layer is computed.

        Channels last, because integrated gradients of a photo then take a third of the time.
        """
        x = x.contiguous(memory_format=torch.channels_last)
        values = peak(run_to(self.model, x, [self.target.layer])[self.target.layer])
        for index in filter(None, (self.target.index, self.target.minus)):
            if not 0 <= index < values.shape[1]:
                raise ValueError(f"{self.target.layer} has the units 0 to {values.shape[1] - 1}; {index} is none.")
        value = values[:, self.target.index]
        return value if self.target.minus is None else value - values[:, self.target.minus]


def saliency(model: nn.Module, x: Images, target: Target) -> Images:
    """The gradient (Simonyan, Vedaldi, Zisserman 2014, section 3; they take its absolute value)."""
    return attr.Saliency(Outcome(model, target)).attribute(x, abs=False)


def input_x_gradient(model: nn.Module, x: Images, target: Target) -> Images:
    """Pixel times gradient (Shrikumar, Greenside, Shcherbina, Kundaje 2016)."""
    return attr.InputXGradient(Outcome(model, target)).attribute(x).detach()


def integrated_gradients(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Images:
    """(x - x') times the gradients' mean on the line from x' to x (Sundararajan, Taly, Yan 2017, equation 1).

    By the midpoint rule: a ReLU net's gradient jumps along the line, and there it errs less than Gauss and Legendre's.
    """
    method = attr.IntegratedGradients(Outcome(model, target))
    steps, at_once = STEPS[x.shape[1]], max(AT_ONCE[x.shape[1]], len(x))

    def from_one(begin: Images) -> Images:
        return method.attribute(x, begin, n_steps=steps, method="riemann_middle", internal_batch_size=at_once)

    return _over(x, baseline, from_one).to(x.dtype)


def smooth_grad(model: nn.Module, x: Images, target: Target) -> Images:
    """The gradients' mean over noisy copies (Smilkov, Thorat, Kim, Viégas, Wattenberg 2017, section 2)."""
    with seeded():
        method = attr.NoiseTunnel(attr.Saliency(Outcome(model, target)))
        return method.attribute(x, nt_type="smoothgrad", nt_samples=NOISY, nt_samples_batch_size=NOISY // 2,
                                stdevs=NOISE, abs=False)  # fmt: skip


def guided_backprop(model: nn.Module, x: Images, target: Target) -> Images:
    """The gradient, where ReLUs let only positive ones of it back (Springenberg et al. 2015, figure 1).

    It hardly depends on the weights behind the first layers: see `core.trust`.
    """
    return attr.GuidedBackprop(Outcome(copied(model), target)).attribute(x)


def deconvolution(model: nn.Module, x: Images, target: Target) -> Images:
    """What a deconvolutional net sends back (Zeiler, Fergus 2014): ReLUs pass on what is positive on the way back."""
    return attr.Deconvolution(Outcome(copied(model), target)).attribute(x)


def deep_lift(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Images:
    """Differences from a reference, passed back by the rescale rule (Shrikumar, Greenside, Kundaje 2017)."""
    method = attr.DeepLift(Outcome(copied(model), target))
    return _over(x, baseline, lambda begin: method.attribute(x, begin))


def gradient_shap(model: nn.Module, x: Images, target: Target) -> Images:
    """Expected gradients: (x - x') times the gradient at a random point between, for images x' of noise and black.

    Lundberg, Lee 2017 in the form of Erion et al. 2021, equation 3.
    """
    begins = torch.cat([begin[:1] for name in ("black", "noise") for begin in baselines(x, name)])
    with seeded():
        return attr.GradientShap(Outcome(model, target)).attribute(x, begins, n_samples=AT_ONCE[x.shape[1]])


def lrp(model: nn.Module, x: Images, target: Target) -> Images:
    """Layer-wise relevance propagation by the gamma rule (Montavon, Binder, Lapuschkin, Samek, Müller 2019, table 1).

    It favours what excites a unit over what inhibits it. The epsilon rule of Bach et al. 2015 would be pixel times
    gradient here (Ancona, Ceolini, Öztireli, Gross 2018, proposition 1).
    """
    net = copied(model)
    for module in net.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            vars(module)["rule"] = GammaRule(gamma=GAMMA)
        elif isinstance(module, nn.Flatten):
            vars(module)["rule"] = EpsilonRule()  # it only rearranges, for which the rule is exact
    return attr.LRP(Outcome(net, target)).attribute(x).detach()


def occlusion(model: nn.Module, x: Images, target: Target, baseline: str = "black", coarse: int = 1) -> Images:
    """How far the target falls when a square is covered, on the mean over a pixel's squares (Zeiler, Fergus 2014).

    Squares and steps are so many times as large as usual where `coarse` says so.
    """
    colours, (side, step) = x.shape[1], (coarse * size for size in WINDOW[x.shape[1]])
    method = attr.Occlusion(Outcome(model, target))
    options = {"strides": (colours, step, step), "perturbations_per_eval": AT_ONCE[colours]}
    return _over(x, baseline, lambda begin: method.attribute(x, (colours, side, side), baselines=begin, **options))


def feature_ablation(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Images:
    """How far the target falls when a superpixel is taken out."""
    return _of_superpixels(attr.FeatureAblation, model, x, target, baseline)


def shapley_sampling(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Images:
    """What a superpixel adds to those before it, on the mean over random orders (Castro, Gómez, Tejada 2009)."""
    return _of_superpixels(attr.ShapleyValueSampling, model, x, target, baseline, n_samples=ORDERS)


def kernel_shap(model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Images:
    """Shapley values as weights of a linear model of superpixels, there or not (Lundberg, Lee 2017, theorem 2)."""
    one_by_one = [
        _of_superpixels(attr.KernelShap, model, image, target, baseline, n_samples=COALITIONS) for image in x.split(1)
    ]
    return torch.cat(one_by_one)


def _of_superpixels(method: type, model: nn.Module, x: Images, target: Target, baseline: str, **options: int) -> Images:
    """What a method finds for each superpixel, shared out evenly among its pixels."""
    mask = superpixels(x)
    explain = partial(method(Outcome(model, target)).attribute, x, feature_mask=mask,
                      perturbations_per_eval=AT_ONCE[x.shape[1]], **options)  # fmt: skip
    with seeded():
        return _over(x, baseline, lambda begin: explain(baselines=begin)) / _sizes(mask, x)


def grad_cam(model: nn.Module, x: Images, target: Target, layer: str | None = None) -> Images:
    """The last maps, each weighed by its mean gradient, summed (Selvaraju et al. 2017, equations 1 and 2), enlarged.

    Here without their ReLU, so that what speaks against the target is seen as well.
    """
    maps = _cam(model, x, target, layer, relu=False)
    return F.interpolate(maps, x.shape[2:], mode="bilinear").expand_as(x)


def guided_grad_cam(model: nn.Module, x: Images, target: Target, layer: str | None = None) -> Images:
    """Grad-CAM, its positive part, times guided backprop (Selvaraju et al. 2017, section 3.1)."""
    maps = F.interpolate(_cam(model, x, target, layer, relu=True), x.shape[2:], mode="bilinear")
    return maps * guided_backprop(model, x, target)


def _cam(model: nn.Module, x: Images, target: Target, layer: str | None, relu: bool) -> Float[Tensor, "batch 1 h w"]:
    net = copied(model)
    outcome = Outcome(net, target)
    name = layer or last_maps(model, x, target)
    return attr.LayerGradCam(outcome, net.get_submodule(name)).attribute(x, relu_attributions=relu).detach()


def last_maps(model: nn.Module, x: Images, target: Target) -> str:
    """The deepest layer in front of the target that has maps of more than one place. ValueError where none has."""
    names = []
    for layer in list_layers(model, x.shape[1:]):
        if layer.name == target.layer:
            break
        if len(layer.shape) == 3 and layer.shape[1] > 1:
            names.append(layer.name)
    if not names:
        raise ValueError(f"There are no maps in front of {target.layer}.")
    return names[-1]


def conductance(model: nn.Module, x: Images, target: Target, layer: str) -> Tensor:
    """How much of the target flows through each unit of a layer (Dhamdhere, Sundararajan, Yan 2019, equation 1).

    Shaped like the layer's output, as its module puts it out.
    """
    net = copied(model)
    method = attr.LayerConductance(Outcome(net, target), net.get_submodule(layer))
    found = method.attribute(x, torch.zeros_like(x), n_steps=STEPS[x.shape[1]],
                             internal_batch_size=max(AT_ONCE[x.shape[1]], len(x)))  # fmt: skip
    return found.detach()


ATTRIBUTIONS: dict[str, Callable[..., Images]] = {
    "saliency": saliency,
    "input x gradient": input_x_gradient,
    "integrated gradients": integrated_gradients,
    "SmoothGrad": smooth_grad,
    "guided backprop": guided_backprop,
    "deconvolution": deconvolution,
    "DeepLift": deep_lift,
    "gradient SHAP": gradient_shap,
    "LRP": lrp,
    "occlusion": occlusion,
    "feature ablation": feature_ablation,
    "Shapley sampling": shapley_sampling,
    "kernel SHAP": kernel_shap,
    "Grad-CAM": grad_cam,
    "guided Grad-CAM": guided_grad_cam,
}
COMPLETE = ("integrated gradients", "DeepLift", "Shapley sampling", "kernel SHAP")  # they add up to the difference
COMPARING = ("integrated gradients", "DeepLift", "occlusion", "feature ablation", "Shapley sampling", "kernel SHAP")
BASELINES = ("black", "blurred", "mean digit", "noise")
LRP_COVERS = (nn.Linear, nn.Conv2d, nn.AvgPool2d, nn.MaxPool2d, nn.Flatten, nn.Dropout)


def why_not(name: str, model: nn.Module) -> str | None:
    """Why a method does not apply to a net, in a sentence; None where it does."""
    leaves = [module for module in model.modules() if not any(module.children())]
    has_relu = any(isinstance(module, nn.ReLU) for module in leaves)
    has_maps = any(isinstance(module, nn.Conv2d) for module in leaves)
    recurrent = any(isinstance(module, nn.LSTM) for module in leaves)
    if name in ("Grad-CAM", "guided Grad-CAM") and not has_maps:
        return "It weighs maps, and this net has none."
    if name in ("guided backprop", "deconvolution", "guided Grad-CAM") and not has_relu:
        return "It changes what ReLUs send back, and this net has none: it would be the plain gradient."
    if name == "DeepLift" and recurrent:
        return "It has no rule for an LSTM: it would be input x gradient by another name."
    if name == "DeepLift" and (unknown := _without_rule(leaves)):
        return f"It has no rule for {unknown}."
    if name == "LRP" and not all(type(module) is nn.ReLU or isinstance(module, LRP_COVERS) for module in leaves):
        return "Its rules cover chains of linear layers, ReLUs and poolings, and this net is none."
    return None


def _without_rule(leaves: list[nn.Module]) -> str | None:
    smooth = (nn.SiLU, nn.GELU, nn.Hardswish, nn.Hardsigmoid, nn.MultiheadAttention)
    return next((type(module).__name__ for module in leaves if isinstance(module, smooth)), None)


def baselines(x: Images, name: str) -> Iterator[Images]:
    """Images without what is to be explained: one, or of noise several. Raises ValueError for a name that is none.

    Where a pixel is as in the baseline, methods that compare with it give it nothing.
    """
    if name == "black":
        yield torch.zeros_like(x)
    elif name == "blurred":
        yield Blur(x.shape[-1] / 8)(x, torch.Generator())
    elif name == "mean digit" and x.shape[1] == 1:
        yield test_set().images.mean(0)[:, : x.shape[2]].expand_as(x)
    elif name == "noise":
        generator = torch.Generator().manual_seed(0)
        for _ in range(DRAWS):
            yield torch.rand(x.shape, generator=generator)
    else:
        raise ValueError(f"There is no baseline {name!r} for these images; there are {', '.join(BASELINES)}.")


def _over(x: Images, baseline: str, explain: Callable[[Images], Images]) -> Images:
    """The mean of the maps that compare with each of the baselines."""
    return torch.stack([explain(begin).detach() for begin in baselines(x, baseline)]).mean(0)


def superpixels(x: Images) -> Int[Tensor, "batch 1 height width"]:
    """Which pixels are taken out together: squares of a digit, regions of a photo (Achanta et al. 2012)."""
    if x.shape[1] == 1:
        rows, columns = (torch.arange(side) // CELL for side in x.shape[2:])
        mask = rows[:, None] * (x.shape[3] // CELL) + columns
        return mask.repeat(len(x), 1, 1, 1)
    from skimage.segmentation import slic

    masks = [slic(image.permute(1, 2, 0).numpy(), SEGMENTS, start_label=0) for image in x]
    return torch.from_numpy(np.stack(masks))[:, None]


def _sizes(mask: Int[Tensor, "batch 1 height width"], x: Images) -> Float[Tensor, "batch 1 height width"]:
    """Of each pixel, how many values its superpixel has."""
    counts = [x.shape[1] * own.flatten().bincount()[own] for own in mask]
    return torch.stack(counts).float()


@contextmanager
def seeded() -> Iterator[None]:
    """Captum draws from torch's and from numpy's own generators; both are left as they were."""
    state = np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        np.random.seed(0)
        try:
            yield
        finally:
            np.random.set_state(state)
