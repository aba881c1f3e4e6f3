"""Batch norms that help training, and are folded into the weights of the net that ships."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def with_batch_norm(net: nn.Module) -> nn.Module:
    """The same net with a batch norm behind each of its convolutions; it shares no weights with `net`."""
    net = copy.deepcopy(net)
    for parent, name, module in _children(net):
        if isinstance(module, nn.Conv2d):
            setattr(parent, name, nn.Sequential(module, nn.BatchNorm2d(module.out_channels)))
    return net


def fold_batch_norm(net: nn.Module) -> nn.Module:
    """The same function in eval mode, without the norms that `with_batch_norm` added: a copy in eval mode.

    With running mean m and variance v, gamma (w * x - m) / sqrt(v + eps) + beta is a convolution again
    (Ioffe and Szegedy 2015, section 3.1 and Algorithm 2).
    """
    net = copy.deepcopy(net).eval()
    for parent, name, module in _children(net):
        if isinstance(module, nn.Sequential) and [type(part) for part in module] == [nn.Conv2d, nn.BatchNorm2d]:
            conv, norm = module
            assert isinstance(conv, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            setattr(parent, name, fuse_conv_bn_eval(conv, norm))
    return net


@torch.no_grad()
def calibrate(net: nn.Module, images: Tensor) -> None:
    """Give each batch norm the mean and variance that it sees in these images, as training's first step does.

    A norm that has seen nothing divides by 1: behind a few of them what an image changes is lost in what it does not.
    Nothing else of the net is put in training mode, and no other weight changes.
    """
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over batches, of which there is one
        norm.train()
    if norms:
        net(images)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


def _children(net: nn.Module) -> list[tuple[nn.Module, str, nn.Module]]:
    """Every module with its parent and its name there, parents first."""
    return [(parent, name, module) for parent in net.modules() for name, module in parent.named_children()]
