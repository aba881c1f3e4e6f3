"""core.layers on nets that can be solved by hand."""

import threading
from collections import OrderedDict

import pytest
import torch
from torch import nn

from core.layers import (
    INPUT,
    Layer,
    _units_back,
    copied,
    first_of_each_depth,
    followers,
    landmarks,
    list_layers,
    pre_activation,
    record,
    require,
    run_changed,
    run_to,
    shell,
    units_first,
)
from core.models import find, untrained
from core.models.lite import Centred, ReLU6
from core.models.rnn import Tap
from core.units import Unit
from tests import references
from tests.nets import Again, Breaks, Ramp, Shift, Windowed


def hooks(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def test_layers_are_listed_in_forward_order_with_shape_and_depth() -> None:
    assert list_layers(Ramp(), (2,)) == [
        Layer("fc", "linear", (3,), 1, module="fc", reads=INPUT),
        Layer("relu", "relu", (3,), 1, behind="fc"),
        Layer("logits", "linear", (2,), 2, module="logits", reads="relu"),
    ]
    conv, pool = list_layers(Shift(), (1, 4, 6))
    assert (conv.shape, conv.units, pool.shape) == ((2, 4, 6), 2, (2, 2, 3))


@pytest.mark.parametrize(
    ("name", "computed"),
    [
        ("dense", {"fc1": ("fc1", INPUT), "fc2": ("fc2", "relu1"), "logits": ("logits", "relu2")}),
        ("cnn", {"conv1": ("conv1", INPUT), "conv2": ("conv2", "pool1"), "logits": ("logits", "relu4")}),
        ("rnn", {"lstm1": ("recurrent1", INPUT), "lstm2": ("recurrent2", "lstm1"), "logits": ("logits", "lstm2")}),
        ("photo", {"stem": ("stem.conv", INPUT), "block1": ("block1.project", "block1.depthwise_relu"),
                   "block2.expand": ("block2.expand", "block1"), "logits": ("logits", "pool")}),
    ],
)  # fmt: skip
def test_a_layer_knows_whose_weights_make_it_and_what_they_read(
    name: str, computed: dict[str, tuple[str, str]]
) -> None:
    layers = list_layers(untrained(name, 0), find(name).input_shape)
    listed = {layer.name: (layer.module, layer.reads) for layer in layers}
    assert {layer: listed[layer] for layer in computed} == computed


def test_where_two_paths_meet_no_one_module_makes_the_layer() -> None:
    listed = {layer.name: layer for layer in list_layers(untrained("photo", 0), find("photo").input_shape)}
    for name in ("block3", "stem_relu"):
        assert (listed[name].module, listed[name].reads) == (None, None)


def test_a_convolution_that_is_called_twice_is_a_layer_the_first_time() -> None:
    """Read alone and with all, it is the same; and nothing follows it alone."""
    model, x = Again(), torch.tensor([-2.0, -1.0, 0.0, 1.0]).view(1, 1, 2, 2)
    layers = list_layers(model, (1, 2, 2))
    assert [(layer.name, layer.depth, layer.behind) for layer in layers] == [
        ("conv", 1, None), ("relu", 2, None), ("pool", 2, "relu"), ("logits", 3, None)
    ]  # fmt: skip
    assert layers[0].reads == INPUT and layers[-1].reads == "pool"
    alone, together = record(model, x, ["conv"])["conv"], record(model, x)
    assert alone.flatten().tolist() == together["conv"].flatten().tolist() == [-3, -1, 1, 3]
    assert together["relu"].flatten().tolist() == [0, 0, 3, 7]
    assert together["logits"].tolist() == [[2.5, -2.5]]
    assert followers(model, x, ["logits"]) == {"relu": "pool", "pool": "flatten", "flatten": "logits"}


def test_what_lies_window_by_window_is_no_layer_of_a_square_picture() -> None:
    assert [layer.name for layer in list_layers(Windowed(), (1, 4, 4))] == ["conv", "last"]
    assert [layer.name for layer in list_layers(Windowed(), (1, 4, 6))] == ["conv", "rows", "last"]


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (nn.Conv2d(4, 4, 1), "conv"), (nn.ReLU(), "relu"), (ReLU6(), "relu"), (nn.Sigmoid(), "sigmoid"),
        (nn.AvgPool2d(2), "average pool"), (nn.AdaptiveAvgPool2d(2), "average pool"), (nn.MaxPool2d(2), "max pool"),
        (nn.BatchNorm2d(4), "norm"), (nn.LayerNorm(4), "norm"), (nn.Hardswish(), "hardswish"),
    ],
)  # fmt: skip
def test_a_photo_nets_layer_has_its_kind_and_shape(module: nn.Module, kind: str) -> None:
    (layer,) = list_layers(nn.Sequential(OrderedDict(it=module)), (4, 4, 4))
    side = 2 if "pool" in kind else 4
    weights = kind == "conv"
    assert (layer.kind, layer.units) == (kind, 4)
    assert (layer.shape, layer.depth) == ((4, side, side), int(weights))
    assert (layer.module, layer.reads) == (("it", INPUT) if weights else (None, None))


@pytest.mark.parametrize("module", [nn.Flatten(), nn.Dropout(), nn.ZeroPad2d(1), Centred()])
def test_what_only_rearranges_is_no_layer_and_is_read_through(module: nn.Module) -> None:
    net = nn.Sequential(OrderedDict(first=nn.Conv2d(4, 4, 1), it=module.eval(), last=nn.LazyConv2d(3, 1)))
    if isinstance(module, nn.Flatten):
        net.last = nn.Linear(64, 3)
    net(torch.zeros(1, 4, 4, 4))
    first, last = list_layers(net, (4, 4, 4))
    assert (first.name, first.reads, last.name) == ("first", INPUT, "last")
    assert last.reads == "first"


def test_tokens_become_a_map_row_by_row_and_rows_a_map_of_units() -> None:
    """Nine tokens are 3 x 3 places; a tenth before them is the class's. A tap's axis is time."""
    tokens = torch.arange(2 * 9 * 4.0).view(2, 9, 4)
    expected = torch.stack([tokens[:, place] for place in range(9)], dim=2).view(2, 4, 3, 3)
    assert torch.equal(units_first(nn.Linear(4, 4), tokens), expected)
    assert torch.equal(units_first(nn.Linear(4, 4), torch.cat([torch.ones(2, 1, 4), tokens], 1)), expected)
    assert torch.equal(units_first(Tap(), tokens), tokens.transpose(1, 2))
    picture = torch.rand(2, 3, 4, 5)
    for module in (nn.Linear(5, 5), nn.LayerNorm(5)):
        assert torch.equal(units_first(module, picture), picture.permute(0, 3, 1, 2))
    assert torch.equal(units_first(nn.Conv2d(1, 3, 1), picture), picture)
    assert torch.equal(units_first(nn.Linear(4, 4), tokens[:, 0]), tokens[:, 0])


def test_the_sums_of_a_layer_are_before_its_squashing_and_pooling() -> None:
    layers = list_layers(untrained("cnn", 0), (1, 28, 28))
    sums = {layer.name: pre_activation(layers, layer.name).name for layer in layers}
    assert {name for name in sums if sums[name] == "conv2"} == {"conv2", "relu2", "pool2"}
    assert sums["logits"] == "logits"
    with pytest.raises(ValueError, match="There is no layer 'conv9'; there are conv1, relu1"):
        pre_activation(layers, "conv9")


def test_a_unit_that_is_not_there_is_named_with_those_that_are() -> None:
    layers = list_layers(Ramp(), (2,))
    require(Unit("ramp", "fc", 2), layers)
    require(Unit("ramp", "logits", 1), layers)
    for unit in (Unit("ramp", "fc", 3), Unit("ramp", "logits", 2), Unit("ramp", "fc2", 0)):
        with pytest.raises(ValueError, match=f"no unit {unit}; ramp has 3 fc, 3 relu, 2 logits"):
            require(unit, layers)


def test_a_shell_shares_its_weights_and_a_copy_does_not_and_neither_has_the_others_hooks() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))
    same, own = shell(model), copied(model)
    same[0].register_forward_hook(lambda *_: None)
    assert hooks(model) == hooks(own) == 0
    with torch.no_grad():
        model[0].weight.fill_(7)
        model[1].running_mean.fill_(3)
    assert (same[0].weight.item(), same[1].running_mean.item()) == (7, 3)
    assert own[0].weight.item() != 7 and own[1].running_mean.item() == 0


def test_a_module_without_an_input_is_heard_too() -> None:
    class Constant(nn.Module):
        """Ones, whatever the picture."""

        def forward(self) -> torch.Tensor:
            return torch.ones(1, 2)

    class Net(nn.Module):
        """constant = (1, 1)."""

        def __init__(self) -> None:
            super().__init__()
            self.constant = Constant()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.constant()

    assert record(Net(), torch.zeros(1, 3))["constant"].tolist() == [[1, 1]]


def test_captions_name_the_kind_and_the_shape() -> None:
    assert Layer("conv2", "conv", (24, 14, 13), 2).caption == "conv2 · 24 maps · 14 x 13"
    assert Layer("lstm1", "lstm", (64, 28), 1).caption == "lstm1 · 64 cells · 28 rows"
    assert Layer("fc1", "linear", (64,), 1).caption == "fc1 · 64 neurons"


def test_recorded_activations_are_those_of_the_formula() -> None:
    seen = record(Ramp(), torch.tensor([[3.0, 1.0], [1.0, 2.0]]))
    assert list(seen) == ["fc", "relu", "logits"]
    assert seen["fc"].tolist() == [[4, 2, -3], [3, -1, -3]]
    assert seen["relu"].tolist() == [[4, 2, 0], [3, 0, 0]]
    assert seen["logits"].tolist() == [[8, 1], [3, 1]]


def test_convolutional_activations_keep_their_place() -> None:
    image = torch.arange(16.0).view(1, 1, 4, 4)
    seen = record(Shift(), image, ["conv"])["conv"]
    assert torch.equal(seen[0, 0, :, :3], image[0, 0, :, 1:])
    assert torch.equal(seen[0, 1], -seen[0, 0])


def test_recurrent_activations_have_units_before_time() -> None:
    model, image = untrained("rnn", seed=3), torch.rand(2, 1, 28, 28)
    seen = record(model, image, ["lstm1", "lstm2"])
    assert seen["lstm1"].shape == seen["lstm2"].shape == (2, 64, 28)
    with torch.no_grad():
        first = references.lstm(model.recurrent1, image[:, 0])
        second = references.lstm(model.recurrent2, first)
    torch.testing.assert_close(seen["lstm1"], first.transpose(1, 2), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(seen["lstm2"], second.transpose(1, 2), atol=1e-5, rtol=1e-4)


def test_recording_is_detached_and_running_is_not() -> None:
    x = torch.tensor([[3.0, 1.0]], requires_grad=True)
    assert not record(Ramp(), x, ["fc"])["fc"].requires_grad
    (gradient,) = torch.autograd.grad(run_to(Ramp(), x, ["relu"])["relu"].sum(), x)
    assert gradient.tolist() == [[2, 0]]


def test_nothing_behind_the_last_wanted_layer_is_computed() -> None:
    model = Breaks()
    assert run_to(model, torch.ones(1), ["first"])["first"].item() == 1
    with pytest.raises(RuntimeError, match="reached"):
        run_to(model, torch.ones(1), ["first", "second"])
    assert hooks(model) == 0


def test_many_threads_may_read_one_net_at_once() -> None:
    """Each gets the activations of its own image, whatever the others ask, and however they run the net."""
    model, names = untrained("cnn", 0), ["conv1", "relu3", "logits"]
    images = torch.rand(4, 1, 1, 28, 28)
    expected = [record(model, image, names) for image in images]
    wrong: list[str] = []

    def read(place: int) -> None:
        for turn in range(60):
            wanted = names[: 1 + turn % 3]
            try:
                seen = record(model, images[place], wanted)
                model(images[place])
                if list(seen) != wanted or any(
                    not torch.allclose(seen[n], expected[place][n], atol=1e-5) for n in wanted
                ):
                    wrong.append(f"thread {place} read another's activations")
            except Exception as error:
                wrong.append(repr(error))

    threads = [threading.Thread(target=read, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert hooks(model) == 0


def test_no_hook_stays_behind() -> None:
    model = Breaks()
    for call in (lambda: record(model, torch.ones(1, 1)), lambda: list_layers(model, (1,))):
        with pytest.raises(RuntimeError, match="reached"):
            call()
        assert hooks(model) == 0


@pytest.mark.parametrize(("name", "words"), [("fc9", "There is no layer 'fc9'; there are fc, relu"), ("", "no layer")])
def test_an_unknown_layer_is_named_with_the_ones_there_are(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        run_to(Ramp(), torch.ones(1, 2), [name])


def test_a_layer_that_is_never_reached_is_an_error() -> None:
    model = Ramp()
    model.spare = nn.ReLU()
    model.forward = lambda x: model.fc(x)
    with pytest.raises(ValueError, match=r"^The forward pass never reaches spare\.$"):
        run_to(model, torch.ones(1, 2), ["fc", "spare"])


def test_a_recurrent_module_cannot_be_read_as_a_layer() -> None:
    with pytest.raises(ValueError, match="recurrent1 puts out tuple"):
        record(untrained("rnn", 0), torch.zeros(1, 1, 28, 28), ["recurrent1"])


def test_asking_for_no_layer_gives_none() -> None:
    assert run_to(Breaks(), torch.ones(1), []) == {}


def test_of_each_depth_the_sum_or_the_activation() -> None:
    layers = list_layers(untrained("cnn", 0), (1, 28, 28))
    names = [[layer.name for layer in first_of_each_depth(layers, place)] for place in (0, 1)]
    assert names == [
        ["conv1", "conv2", "conv3", "conv4", "logits"],
        ["relu1", "relu2", "relu3", "relu4", "logits"],
    ]


def test_landmarks_are_spread_over_the_depth_and_end_with_the_classes() -> None:
    layers = [Layer(f"{kind}{n}", kind, (4,), n) for n in range(1, 41) for kind in ("conv", "relu")]
    marks = landmarks(layers, most=5)
    assert [layer.name for layer in marks] == ["relu1", "relu11", "relu21", "relu30", "relu40"]
    marks = landmarks(layers)
    assert len(marks) == 14 and (marks[0], marks[-1]) == (layers[1], layers[-1])
    assert landmarks(layers[:28]) == layers[1:28:2] and len(landmarks(layers[:30])) == 14
    assert landmarks(layers[:6]) == [layers[1], layers[3], layers[5]]


@pytest.mark.parametrize("name", ["dense", "cnn", "rnn"])
def test_what_is_changed_is_what_all_behind_it_get(name: str) -> None:
    """A layer that is doubled equals the next layer's doubled weights; as it is, nothing changes, and nothing stays."""
    model, x = untrained(name, 0).eval(), torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    layers = list_layers(model, (1, 28, 28))
    last = next(layer for layer in layers if layer.name == layers[-1].reads).name
    with torch.no_grad():
        plain, same = model(x), run_changed(model, x, {last: lambda seen: seen}, [last, "logits"])
        doubled = run_changed(model, x, {last: lambda seen: 2 * seen}, [last, "logits"])
        bias = model.get_parameter("logits.bias")
    assert torch.equal(same["logits"], plain)
    assert torch.equal(doubled[last], 2 * same[last])
    assert torch.allclose(doubled["logits"], 2 * (plain - bias) + bias, atol=1e-6)
    assert hooks(model) == 0


def test_of_one_input_a_change_can_make_a_batch() -> None:
    factors = torch.tensor([0.0, 1.0, 3.0])
    found = run_changed(Ramp(), torch.ones(1, 2), {"relu": lambda seen: factors[:, None] * seen}, ["relu", "logits"])
    assert torch.equal(found["relu"], factors[:, None] * record(Ramp(), torch.ones(1, 2))["relu"])
    assert len(found["logits"]) == 3


def test_tokens_and_maps_with_units_last_go_back_as_they_came() -> None:
    tokens = torch.arange(40.0).view(2, 5, 4)  # one for the class, four patches
    picture = torch.arange(48.0).view(2, 2, 3, 4)
    for module, output in ((nn.Linear(4, 4), tokens), (nn.LayerNorm(4), picture), (Tap(), tokens)):
        assert torch.equal(_units_back(module, units_first(module, output), output), output)


def test_a_change_of_what_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="There is no layer 'nothing'"):
        run_changed(Ramp(), torch.ones(1, 2), {"nothing": lambda seen: seen}, ["logits"])
