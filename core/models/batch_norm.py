"""Batch norms that help training, and are folded into the weights of the net that ships."""

import copy

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def with_batch_norm(net: nn.Module) -> nn.Module:
    """The same net with a batch norm behind each of its direct convolutions; it shares no weights with `net`."""
    net = copy.deepcopy(net)
    for name, module in net.named_children():
        if isinstance(module, nn.Conv2d):
            setattr(net, name, nn.Sequential(module, nn.BatchNorm2d(module.out_channels)))
    return net


def fold_batch_norm(net: nn.Module) -> nn.Module:
    """The same function in eval mode, without the norms that `with_batch_norm` added: a copy in eval mode.

    With running mean m and variance v, gamma (w * x - m) / sqrt(v + eps) + beta is a convolution again
    (Ioffe and Szegedy 2015, section 3.1 and Algorithm 2).
    """
    net = copy.deepcopy(net).eval()
    for name, module in net.named_children():
        if isinstance(module, nn.Sequential):
            conv, norm = module
            assert isinstance(conv, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            setattr(net, name, fuse_conv_bn_eval(conv, norm))
    return net
