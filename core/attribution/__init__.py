"""Which part of an input did it: Captum's methods, one function each, for any unit of any net.

Every method takes a model, images (batch, channels, height, width) in [0, 1] and a target, and returns a map shaped
like the images: how much each pixel added to the target, with its sign. Equal arguments give equal maps.
Threads may share a net, but not images: Captum marks them while it computes.
"""

from collections.abc import Callable, Iterator

from torch import nn

from core.attribution import backwards, removal
from core.attribution.outcome import Forming, Images, Target, whole

# Those that take long, as maps that form.
FORMING: dict[str, Callable[..., Iterator[Forming]]] = {
    "integrated gradients": backwards.integrated_gradients,
    "SmoothGrad": backwards.smooth_grad,
    "gradient SHAP": backwards.gradient_shap,
    "occlusion": removal.occlusion,
    "feature ablation": removal.feature_ablation,
    "Shapley sampling": removal.shapley_sampling,
    "kernel SHAP": removal.kernel_shap,
}
ATTRIBUTIONS: dict[str, Callable[..., Images]] = {
    "saliency": backwards.saliency,
    "input x gradient": backwards.input_x_gradient,
    "integrated gradients": whole(FORMING["integrated gradients"]),
    "SmoothGrad": whole(FORMING["SmoothGrad"]),
    "guided backprop": backwards.guided_backprop,
    "deconvolution": backwards.deconvolution,
    "DeepLift": whole(backwards.deep_lift),
    "gradient SHAP": whole(FORMING["gradient SHAP"]),
    "LRP": backwards.lrp,
    "occlusion": whole(FORMING["occlusion"]),
    "feature ablation": whole(FORMING["feature ablation"]),
    "Shapley sampling": whole(FORMING["Shapley sampling"]),
    "kernel SHAP": whole(FORMING["kernel SHAP"]),
    "Grad-CAM": backwards.grad_cam,
    "guided Grad-CAM": backwards.guided_grad_cam,
}
COMPLETE = ("integrated gradients", "DeepLift", "Shapley sampling", "kernel SHAP")  # they add up to the difference
DRAWN = ("SmoothGrad", "gradient SHAP", "Shapley sampling", "kernel SHAP")  # means over random draws
MULTIPLYING = ("input x gradient", "integrated gradients", "DeepLift", "gradient SHAP", "LRP")  # by the pixel
GRADIENTS = ("saliency", "SmoothGrad", "guided backprop", "deconvolution")  # of a unit of brightness each
WEIGHING = ("Grad-CAM", "guided Grad-CAM")  # they weigh the maps of a layer, which can be named
COMPARING = ("integrated gradients", "DeepLift", "occlusion", "feature ablation", "Shapley sampling", "kernel SHAP")
LRP_COVERS = (nn.Linear, nn.Conv2d, nn.AvgPool2d, nn.MaxPool2d, nn.Flatten, nn.Dropout)


def why_not(name: str, model: nn.Module) -> str | None:
    """Why a method does not apply to a net, in a sentence; None where it does."""
    leaves = [module for module in model.modules() if not any(module.children())]
    has_relu = any(isinstance(module, nn.ReLU) for module in leaves)
    has_maps = any(isinstance(module, nn.Conv2d) for module in leaves)
    recurrent = any(isinstance(module, nn.LSTM) for module in leaves)
    if name in WEIGHING and not has_maps:
        return "It weighs maps, and this net has none."
    if name in ("guided backprop", "deconvolution", "guided Grad-CAM") and not has_relu:
        return "It changes what ReLUs send back, and this net has none: it would be the plain gradient."
    if name == "DeepLift" and recurrent:
        return "It has no rule for an LSTM: it would be input x gradient by another name."
    if name == "DeepLift" and (unknown := _without_rule(model)):
        return f"It has no rule for {unknown}."
    if name == "LRP" and not all(type(module) is nn.ReLU or isinstance(module, LRP_COVERS) for module in leaves):
        return "Its rules cover chains of linear layers, ReLUs and poolings, and this net is none."
    return None


def _without_rule(model: nn.Module) -> str | None:
    unknown = (nn.SiLU, nn.GELU, nn.Hardswish, nn.Hardsigmoid, nn.MultiheadAttention)  # the last has parts of its own
    return next((type(module).__name__ for module in model.modules() if isinstance(module, unknown)), None)


def watched(name: str, model: nn.Module, x: Images, target: Target, baseline: str = "black") -> Iterator[Forming]:
    """A map as it forms, compared with a baseline where the method compares; a fast one comes at once."""
    options = {"baseline": baseline} if name in COMPARING else {}
    if name in FORMING:
        yield from FORMING[name](model, x, target, **options)
    else:
        yield Forming(ATTRIBUTIONS[name](model, x, target, **options), 1.0)
