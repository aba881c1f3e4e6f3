"""Batch norms put in for training and folded away again."""

import copy

import torch
from torch import nn

from core.models import untrained
from core.models.batch_norm import calibrate, fold_batch_norm, with_batch_norm
from tests import references


def trained_a_little() -> nn.Module:
    """A net whose batch norms have seen data, so that folding has something to fold."""
    net = with_batch_norm(untrained("cnn", 0)).train()
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 2)
                module.bias.uniform_(-1, 1)
        for _ in range(3):
            net(torch.rand(32, 1, 28, 28))
    return net


def test_there_is_one_norm_behind_each_convolution() -> None:
    net = with_batch_norm(untrained("cnn", 0))
    assert sum(isinstance(module, nn.BatchNorm2d) for module in net.modules()) == 4
    assert not any(isinstance(module, nn.BatchNorm2d) for module in with_batch_norm(untrained("dense", 0)).modules())


def test_folding_keeps_the_function_and_leaves_the_net_as_it_was() -> None:
    net = trained_a_little()
    before = copy.deepcopy(net.state_dict())
    folded, x = fold_batch_norm(net), torch.rand(5, 1, 28, 28)
    assert net.training
    torch.testing.assert_close(folded(x), copy.deepcopy(net).eval()(x), atol=1e-4, rtol=1e-4)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert folded.state_dict().keys() == untrained("cnn", 0).state_dict().keys()


def test_a_folded_convolution_is_convolution_and_norm() -> None:
    net, x = trained_a_little().eval(), torch.rand(2, 1, 28, 28)
    conv, norm = net.conv1
    with torch.no_grad():
        torch.testing.assert_close(
            fold_batch_norm(net).conv1(x), references.batch_norm(conv(x), norm), atol=1e-5, rtol=1e-4
        )


def test_calibrating_sets_the_norms_of_these_images_and_nothing_else() -> None:
    net, images = with_batch_norm(untrained("photo", 0)).eval(), torch.rand(6, 3, 32, 32)
    before = copy.deepcopy(net.state_dict())
    momenta = [norm.momentum for norm in net.modules() if isinstance(norm, nn.BatchNorm2d)]
    calibrate(net, images.square())
    calibrate(net, images)  # what was there before counts for nothing
    assert not any(module.training for module in net.modules())
    assert [norm.momentum for norm in net.modules() if isinstance(norm, nn.BatchNorm2d)] == momenta
    conv, norm = net.stem[1]
    sums = conv(net.stem[0](net.centred(images)))
    torch.testing.assert_close(norm.running_mean, sums.mean((0, 2, 3)), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(norm.running_var, sums.var((0, 2, 3)), atol=1e-5, rtol=1e-4)
    changed = {key for key, value in net.state_dict().items() if not torch.equal(value, before[key])}
    assert changed and all(".running_" in key or key.endswith("num_batches_tracked") for key in changed)


def test_the_net_with_norms_is_one_of_its_own() -> None:
    net = untrained("cnn", 0)
    other = with_batch_norm(net)
    with torch.no_grad():
        other.conv1[0].weight.zero_()
    assert net.conv1.weight.abs().sum() > 0 and isinstance(net.conv1, nn.Conv2d)


def test_calibrating_needs_no_gradients_and_a_net_without_norms_is_not_run() -> None:
    enabled: list[bool] = []
    net = with_batch_norm(untrained("cnn", 0))
    for each in (net, untrained("dense", 0)):
        each.register_forward_hook(lambda *_: enabled.append(torch.is_grad_enabled()))
        calibrate(each, torch.rand(4, 1, 28, 28))
    assert enabled == [False]


def test_only_a_convolution_with_its_norm_is_folded() -> None:
    pair = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU())
    triple = nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2), nn.ReLU())
    folded = fold_batch_norm(nn.Sequential(pair, triple, nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2))))
    assert [type(part) for part in folded] == [nn.Sequential, nn.Sequential, nn.Conv2d]
    assert [len(part) for part in folded[:2]] == [2, 3] and not folded.training
