"""core.circuits.contributions and frozen_gates, on nets that can be solved by hand and on all that ship."""

import pytest
import torch
from torch import Generator, Tensor, nn

from core.circuits.contributions import Run, place_of, stages
from core.circuits.frozen_gates import FrozenGates, frozen
from core.data import digits
from core.data.photos import sample_views
from core.layers import INPUT, list_layers, record
from core.models import DIGIT_NETS, find, load
from core.models.series import SERIES
from tests import references
from tests.nets import Corner, Xor


def run_of(model: nn.Module, x: Tensor, last: str = "logits") -> Run:
    return Run(model, x, stages(list_layers(model, x.shape[1:]), last))


@pytest.mark.parametrize("bits", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_xor_is_made_of_its_two_hidden_units_with_1_and_minus_2(bits: tuple[int, int]) -> None:
    run = run_of(Xor(), torch.tensor([bits], dtype=torch.float32))
    first, last = run.stages
    split = run.split(last, 0, ())
    assert run.weights(last, 0, ()).tolist() == [1, -2]
    assert split.parts.tolist() == [sum(bits), -2 * (sum(bits) == 2)]
    assert (split.value, split.bias, split.gap) == (float(bits[0] != bits[1]), 0, 0)
    hidden = run.split(first, 1, ())
    assert (hidden.parts.tolist(), hidden.bias, hidden.value) == ([*bits], -1, sum(bits) - 1)


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_padding_and_strides_are_counted_at_the_border(place: tuple[int, int]) -> None:
    image = torch.arange(1.0, 17).view(1, 1, 4, 4)
    run = run_of(Corner(), image)
    expected, total = references.window_products(image[0], Corner().get_parameter("conv.weight")[0], place, 2, 1)
    split = run.split(run.stages[0], 0, place)
    assert torch.equal(split.parts, expected.detach())
    assert split.value == pytest.approx(total) and split.bias == pytest.approx(0, abs=1e-4)


def test_an_average_pool_and_flattening_between_are_resolved() -> None:
    """The logit is the sum of the map, less 5: so each place contributes what it is."""
    run = run_of(Corner(), torch.ones(1, 1, 4, 4))
    split = run.split(run.stages[1], 0, ())
    assert run.stages[1].reads == "relu"
    assert split.parts.tolist() == run.activation("relu").tolist()
    assert (split.bias, float(split.by_unit)) == (-5, float(run.activation("relu").sum()))


@pytest.mark.parametrize("weights", ["trained", "untrained", "shuffled"])
@pytest.mark.parametrize("name", DIGIT_NETS)
def test_contributions_and_the_modules_own_bias_add_up_in_every_layer_of_every_net(name: str, weights: str) -> None:
    model, images = load(name, weights=weights), digits.test_set().images
    for number in (0, 84):
        run = run_of(model, images[number : number + 1])
        for stage in run.stages:
            assert stage.affine
            for unit in range(0, stage.sums.units, 5):
                split = run.split(stage, unit, run.strongest(stage, unit))
                bias = split.bias
                if stage.sums.kind != "lstm":
                    assert stage.sums.module is not None
                    bias = float(model.get_submodule(stage.sums.module).bias[unit])
                assert float(split.parts.double().sum()) + bias == pytest.approx(split.value, abs=1e-5)


@pytest.mark.parametrize("name", ["cnn-8", "dense-6", "lstm-4", "cnn"])
def test_contributions_are_weight_times_activation(name: str) -> None:
    """Against the plainest code there is, in the deepest nets; what lies between two stages is the pooling alone."""
    model, image = load(name, weights="plain"), digits.test_set().images[3:4]
    layers = list_layers(model, (1, 28, 28))
    run = run_of(model, image)
    for stage in run.stages:
        module = model.get_submodule(str(stage.sums.module))
        place = run.strongest(stage, 1)
        split = run.split(stage, 1, place)
        if isinstance(module, nn.LSTM):
            read = run.activation(stage.reads)
            rows = read[0] if stage.reads == INPUT else read.T
            expected, bias = references.frozen_lstm(module, rows, 1, place[0])
            found = split.parts[0] if stage.reads == INPUT else split.parts.T
            assert torch.allclose(found.double(), expected, atol=1e-4)
            assert split.bias == pytest.approx(bias, abs=1e-4)
        elif isinstance(module, nn.Conv2d) and (stage.reads == INPUT or "pool" not in str(stage.sums.reads)):
            expected, _ = references.window_products(run.activation(stage.reads), module.weight[1], place, 1,
                                                     int(module.padding[0]))  # fmt: skip
            assert torch.allclose(split.parts, expected, atol=1e-5)
        elif isinstance(module, nn.Conv2d):  # each place of the pool is the mean of four
            pooled = record(model, image, [str(stage.sums.reads)])[str(stage.sums.reads)][0]
            expected, _ = references.window_products(pooled, module.weight[1], place, 1, int(module.padding[0]))
            assert torch.allclose(split.by_unit, expected.flatten(1).sum(1), atol=1e-5)
    assert layers[-1].name == run.stages[-1].sums.name


def test_frozen_gates_change_no_value_and_no_net() -> None:
    model, images = load("rnn"), digits.test_set().images[:5]
    kept = {name: weight.clone() for name, weight in model.state_dict().items()}
    with torch.no_grad():
        assert torch.allclose(frozen(model)(images), model(images), atol=1e-5)
    assert type(model.get_submodule("recurrent1")) is nn.LSTM
    assert all(torch.equal(kept[name], weight) for name, weight in model.state_dict().items())
    dense = load("dense")
    assert frozen(dense) is dense


def test_tanh_of_zero_hands_on_all() -> None:
    lstm = nn.LSTM(1, 1, batch_first=True)
    with torch.no_grad():
        for weight in lstm.parameters():
            weight.zero_()
        lstm.weight_ih_l0[2] = 1.0  # the candidate alone reads: its pre-activation is the input, here 0
    x = torch.zeros(1, 1, 1, requires_grad=True)
    (gradient,) = torch.autograd.grad(FrozenGates(lstm)(x)[0].sum(), x)
    assert gradient.item() == pytest.approx(0.25)  # both gates are half open


def test_a_photo_net_is_taken_apart_by_blocks_and_says_what_is_missing() -> None:
    """Where a block has one piece that is linear, what is left is the bias; elsewhere bias and gap fill the rest."""
    model, photo = load("photo"), sample_views()[:1]
    own = stages(list_layers(model, photo.shape[1:]), "block8", find("photo").landmarks)
    run = Run(model, photo, own)
    assert [stage.sums.name for stage in own] == ["stem", *(f"block{number}" for number in range(1, 9))]
    assert [stage.affine for stage in own] == [True] + [False] * 8
    read = {stage.sums.name: stage.reads for stage in own}
    assert (read["stem"], read["block1"], read["block2"]) == (INPUT, "stem_relu", "block1")
    gaps = []
    for stage in own[1:]:
        split = run.split(stage, 3, run.strongest(stage, 3))
        assert split.value == pytest.approx(float(split.parts.sum()) + split.bias + split.gap, abs=1e-3)
        gaps.append(abs(split.gap))
    assert min(gaps) > 1e-3


def test_the_bias_of_a_stage_that_is_not_affine_is_what_it_has_when_nothing_is_read() -> None:
    model, photo = load("photo"), sample_views()[:1]
    run = Run(model, photo, stages(list_layers(model, photo.shape[1:]), "block2", find("photo").landmarks))
    with torch.no_grad():
        bare = model.get_submodule("block2")(torch.zeros_like(run.activation("block1"))[None])
    split = run.split(run.stages[-1], 5, (4, 7))
    assert split.bias == pytest.approx(float(bare[0, 5, 4, 7]), abs=1e-5)


def test_stages_are_those_of_a_chain_those_named_or_a_few() -> None:
    layers = list_layers(load("cnn"), (1, 28, 28))
    assert [(stage.sums.name, stage.layer.name, stage.reads) for stage in stages(layers, "pool3")] == [
        ("conv1", "relu1", INPUT), ("conv2", "relu2", "relu1"), ("conv3", "relu3", "relu2")
    ]  # fmt: skip
    photo = list_layers(load("photo"), (3, 224, 224))
    assert len(stages(photo, "logits")) <= 14
    assert [stage.sums.name for stage in stages(photo, "block2.expand", ("stem", "block1"))] == [
        "stem", "block1", "block2.expand"
    ]  # fmt: skip
    assert stages(photo, "block2.expand", ("stem", "block1"))[-1].affine
    with pytest.raises(ValueError, match="There is no layer 'nothing'"):
        stages(layers, "nothing")


@pytest.mark.parametrize(("unit", "place"), [(12, (0, 0)), (-1, (0, 0)), (0, (28, 0)), (0, (0, -1)), (0, ())])
def test_a_unit_or_a_place_that_is_not_there_is_refused(unit: int, place: tuple[int, ...]) -> None:
    run = run_of(load("cnn"), digits.test_set().images[:1], "conv1")
    with pytest.raises(ValueError, match="conv1 has no unit"):
        run.split(run.stages[0], unit, place)


@pytest.mark.parametrize("name", DIGIT_NETS)
def test_of_an_image_of_zeros_a_first_layer_has_its_bias_and_no_parts(name: str) -> None:
    run = run_of(load(name), torch.zeros(1, 1, 28, 28))
    split = run.split(run.stages[0], 2, run.strongest(run.stages[0], 2))
    assert float(split.parts.abs().sum()) == 0 and split.bias == pytest.approx(split.value)


def test_a_run_keeps_the_input_and_the_model_as_they_were() -> None:
    model, x = load("rnn"), torch.rand(1, 1, 28, 28, generator=Generator().manual_seed(0))
    before = x.clone()
    run = run_of(model, x)
    run.split(run.stages[1], 3, (5,))
    assert torch.equal(x, before) and not x.requires_grad
    assert all(not weight.requires_grad for weight in model.parameters())
    assert sum(len(module._forward_hooks) for module in model.modules()) == 0


def test_the_strongest_place_is_where_the_pre_activation_is_largest() -> None:
    run = run_of(load("cnn"), digits.test_set().images[84:85])
    values = run.activation("conv3")[7]
    assert values[run.strongest(run.stages[2], 7)] == values.max()
    assert place_of(torch.tensor(3.0)) == () and place_of(torch.tensor([1.0, 4.0])) == (1,)


def test_every_net_of_the_series_is_a_chain() -> None:
    for name in SERIES:
        assert all(stage.affine for stage in stages(list_layers(load(name, weights="plain"), (1, 28, 28)), "logits"))
