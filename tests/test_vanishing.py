"""core.vanishing: tasks and their chance, nets of one size, gradients against finite differences and matrix powers."""

import math
from dataclasses import replace

import pandas as pd
import pytest
import torch
from torch import Generator, nn

from core.data.digits import test_set as mnist
from core.vanishing import lengths, sentences
from core.vanishing.gradients import by_distance, decay
from core.vanishing.nets import CONTROLS, NETS, USUAL, Recurrent, build, parameters, width
from core.vanishing.tasks import SYMBOLS, TASKS, adding, recall
from core.vanishing.train import BATCH, READINGS, Reading, Setup, error_of, loss_of, train
from tests.references import influence_by_differences

QUICK = Setup(length=6, hidden=4, updates=40)


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def test_two_numbers_are_marked_one_in_each_half_and_their_sum_is_asked() -> None:
    inputs, targets = adding(7)(500, generator())
    numbers, marks = inputs.unbind(-1)
    assert inputs.shape == (500, 7, 2) and numbers.min() >= 0 and numbers.max() <= 1
    assert (
        (marks[:, :3].sum(1) == 1).all() and (marks[:, 3:].sum(1) == 1).all() and set(marks.unique().tolist()) == {0, 1}
    )
    torch.testing.assert_close((numbers * marks).sum(1), targets)
    assert (marks.sum(0) > 0).all()  # every place is marked in some


def test_who_always_says_one_has_an_error_of_a_sixth_in_adding() -> None:
    """Var(a + b) = 2 / 12 for a, b uniform in [0, 1]."""
    targets = adding(30)(200_000, generator()).targets
    assert float((targets - 1).square().mean()) == pytest.approx(TASKS["adding"].chance, abs=1e-3)
    assert min(float((targets - said).square().mean()) for said in (0.9, 1.1)) > TASKS["adding"].chance


def test_a_symbol_stands_first_with_blanks_behind_it() -> None:
    inputs, targets = recall(5)(400, generator())
    assert inputs.shape == (400, 6, SYMBOLS + 1) and (inputs.sum(-1) == 1).all()
    assert torch.equal(inputs[:, 0].argmax(1), targets) and (inputs[:, 1:, SYMBOLS] == 1).all()
    shares = targets.bincount() / 400
    assert len(shares) == SYMBOLS and 1 - float(shares.max()) == pytest.approx(TASKS["recall"].chance, abs=0.06)


def test_digits_to_test_on_are_others_than_those_to_train_on() -> None:
    seen, unseen = (draw(300, generator()) for draw in TASKS["digits"].draws(28))
    assert seen.inputs.shape == (300, 28, 28) and set(seen.targets.tolist()) == set(range(10))
    images = mnist().images[:, 0].flatten(1)
    places = [{int((images == one).all(1).nonzero()[0]) % 4 for one in each.inputs[:20].flatten(1)}
              for each in (seen, unseen)]  # fmt: skip
    assert places[1] == {3} and 3 not in places[0]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("hidden", [4, 16, 32])
def test_all_nets_have_as_many_parameters_as_a_width_can_give(task: str, hidden: int) -> None:
    of = TASKS[task]
    sizes = {name: sum(weight.numel() for weight in build(name, of, hidden, 0).parameters()) for name in NETS}
    for name, kind in NETS.items():
        units = build(name, of, hidden, 0).recurrent.hidden_size
        assert units == width(name, of, hidden)
        assert sizes[name] == parameters(kind.matrices, of.inputs, units, of.outputs)
        gaps = [abs(parameters(kind.matrices, of.inputs, other, of.outputs) - sizes["LSTM"])
                for other in (units - 1, units, units + 1)]  # fmt: skip
        assert min(gaps) == gaps[1]
    assert build("LSTM", of, hidden, 0).recurrent.hidden_size == hidden


def test_controls_differ_from_their_nets_by_the_start_only() -> None:
    task = TASKS["adding"]
    nets = {name: build(name, task, 6, 3).state_dict() for name in NETS}
    units = width("RNN", task, 6)
    for name in ("identity RNN", "identity ReLU"):
        own = nets[name]
        assert torch.equal(own["recurrent.weight_hh_l0"], torch.eye(units))
        assert not own["recurrent.bias_hh_l0"].any() and not own["recurrent.bias_ih_l0"].any()
        assert torch.equal(own["recurrent.weight_ih_l0"], nets["RNN"]["recurrent.weight_ih_l0"])
    opened, usual = nets["LSTM bias 1"], nets["LSTM"]
    bias = opened["recurrent.bias_ih_l0"] + opened["recurrent.bias_hh_l0"]
    assert bias[6:12].tolist() == [1.0] * 6
    others = torch.cat([torch.arange(6), torch.arange(12, 24)])
    assert all(torch.equal(opened[f"recurrent.{name}"][others], usual[f"recurrent.{name}"][others])
               for name in ("bias_ih_l0", "bias_hh_l0"))  # fmt: skip
    assert set(CONTROLS) | set(USUAL) == set(NETS)


def test_the_forget_bias_is_the_forget_gates() -> None:
    """With all weights 0 the cell keeps sigmoid(1) of its state each step."""
    net = build("LSTM bias 1", TASKS["adding"], 3, 0).recurrent
    with torch.no_grad():
        for name, weight in net.named_parameters():
            weight[:] = weight if name == "bias_ih_l0" else 0
        net.get_parameter("bias_ih_l0")[:3] = net.get_parameter("bias_ih_l0")[6:] = 0
        _, (_, cell) = net(torch.zeros(1, 1, 2), (torch.zeros(1, 1, 3), torch.ones(1, 1, 3)))
    torch.testing.assert_close(cell, torch.full((1, 1, 3), 1 / (1 + math.exp(-1))))


@pytest.mark.parametrize("name", NETS)
def test_the_influence_is_what_finite_differences_find(name: str) -> None:
    net, x = build(name, TASKS["adding"], 3, 5), adding(7)(3, generator()).inputs
    torch.testing.assert_close(by_distance(net, x), influence_by_differences(net, x), rtol=1e-5, atol=1e-9)


class Linear(nn.Module):
    """h' = W h + U x."""

    def __init__(self, within: torch.Tensor, of_input: torch.Tensor) -> None:
        super().__init__()
        self.hidden_size = len(within)
        self.within, self.of_input = nn.Parameter(within), nn.Parameter(of_input)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
        state, states = x.new_zeros(len(x), self.hidden_size), []
        for step in x.unbind(1):
            state = state @ self.within.T + step @ self.of_input.T
            states.append(state)
        return torch.stack(states, 1), None


def test_the_influence_in_a_linear_net_is_a_matrix_power() -> None:
    draws = generator()
    within, of_input = torch.randn(5, 5, generator=draws) / 3, torch.randn(5, 2, generator=draws)
    net = Recurrent(Linear(within, of_input), 1)  # type: ignore[arg-type]
    found = by_distance(net, torch.randn(4, 12, 2, generator=draws))
    for distance in range(12):
        power = torch.linalg.matrix_power(within.double(), distance) @ of_input.double()
        assert float(found[distance]) == pytest.approx(float(power.norm()), rel=1e-9)


def test_measuring_changes_nothing_and_nothing_underflows() -> None:
    net, x = build("RNN", TASKS["adding"], 4, 0), adding(100)(2, generator()).inputs
    with torch.no_grad():
        net.recurrent.get_parameter("weight_hh_l0").mul_(0.3)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    assert (by_distance(net, x) > 0).all()  # about 1e-70 at the end
    assert all(
        torch.equal(value, before[name]) and value.dtype == torch.float32 for name, value in net.state_dict().items()
    )
    assert all(weight.grad is None and weight.requires_grad for weight in net.parameters())


def test_a_decay_is_the_slope_of_the_logarithms() -> None:
    found = decay([2 * 0.5**step for step in range(20)])
    assert found.factor == pytest.approx(0.5) and found.half_life == pytest.approx(1)
    assert found.left == pytest.approx(0.5**19)
    assert decay([0.9**step for step in range(9)]).half_life == pytest.approx(math.log(2) / -math.log(0.9))
    assert decay([1.1**step for step in range(9)]).half_life == math.inf
    assert decay([1.0, 0.5, 0.0, math.inf, math.nan]).factor == pytest.approx(0.5)
    assert math.isnan(decay([0.0] * 5).factor) and math.isnan(decay([1.0]).factor)
    bent = decay([1.0, 0.1, 0.1, 0.1])  # least squares, not the two ends
    assert bent.factor == pytest.approx(10**-0.3)


def test_all_nets_are_read_in_turn_and_the_starts_come_first() -> None:
    readings = list(train(replace(QUICK, updates=80)))
    assert [reading.net for reading in readings[:6]] == [*USUAL, *USUAL]
    for net in USUAL:
        own = [reading for reading in readings if reading.net == net]
        assert [reading.update for reading in own] == list(range(0, 81, 80 // READINGS))
        assert own[0].influence and own[-1].influence and own[-1].seconds > own[1].seconds > 0 == own[0].seconds
        assert 5 < sum(bool(reading.influence) for reading in own) < 12


def test_the_same_setup_gives_the_same_numbers_and_each_part_of_it_changes_them() -> None:
    def ends(setup: Setup) -> list[tuple[object, ...]]:
        last = {reading.net: reading for reading in train(setup)}
        return [(each.net, each.loss, each.error, each.norm, each.influence) for each in last.values()]

    usual = replace(QUICK, nets=("RNN", "LSTM"))
    assert ends(usual) == ends(usual)
    for changed in ({"seed": 1}, {"length": 7}, {"hidden": 5}, {"rate": 0.01}, {"updates": 41}, {"clip": False},
                    {"task": "recall"}, {"nets": ("RNN", "GRU")}):  # fmt: skip
        assert ends(replace(usual, **changed)) != ends(usual)  # type: ignore[arg-type]
    assert ends(replace(usual, nets=("LSTM", "RNN")))[::-1] == ends(usual)  # none depends on the others


def test_a_net_is_trained_as_by_hand() -> None:
    """Adam with one cycle of the rate, on the generator's batches, clipped at a norm of 1."""
    setup = replace(QUICK, nets=("GRU",), updates=READINGS)
    net, draws = build("GRU", TASKS["adding"], setup.hidden, 0), generator()
    optimizer = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, setup.rate, total_steps=READINGS, pct_start=0.2)
    losses, norms = [], []
    for _ in range(READINGS):
        batch = adding(setup.length)(BATCH, draws)
        loss = (net(batch.inputs)[:, 0] - batch.targets).square().mean()
        optimizer.zero_grad()
        loss.backward()
        norms.append(float(torch.cat([weight.grad.flatten() for weight in net.parameters()]).norm()))  # type: ignore[union-attr]
        for weight in net.parameters():
            assert weight.grad is not None
            weight.grad *= min(1.0, 1 / (norms[-1] + 1e-6))
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    readings = list(train(setup))[1:]
    assert max(norms) > 1 > min(norms)
    assert [reading.loss for reading in readings] == pytest.approx(losses, rel=1e-3)
    assert [reading.norm for reading in readings] == pytest.approx(norms, rel=1e-2)


def test_errors_are_shares_of_wrong_classes_or_mean_squares() -> None:
    task, net = TASKS["recall"], build("GRU", TASKS["recall"], 4, 0)
    test = recall(3)(50, generator())
    outputs = net(test.inputs)
    assert error_of(net, test, task) == pytest.approx(float((outputs.argmax(1) != test.targets).float().mean()))
    assert float(loss_of(outputs, test.targets, task)) == pytest.approx(
        float(-outputs.log_softmax(1)[torch.arange(50), test.targets].mean()))  # fmt: skip
    asked = adding(5)(50, generator())
    summing = build("GRU", TASKS["adding"], 4, 0)
    assert error_of(summing, asked, TASKS["adding"]) == pytest.approx(
        float((summing(asked.inputs)[:, 0] - asked.targets).square().mean()))  # fmt: skip


def test_a_gradient_that_explodes_ends_its_nets_training_and_no_other() -> None:
    setup = Setup(length=60, hidden=8, rate=20.0, updates=80, clip=False, nets=("identity ReLU", "LSTM"))
    last = {reading.net: reading for reading in train(setup)}
    assert last["identity ReLU"].broken and last["identity ReLU"].update < 80
    assert not last["LSTM"].broken and last["LSTM"].update == 80


@pytest.mark.parametrize(
    "wrong",
    [{"length": 3}, {"length": 101}, {"hidden": 0}, {"hidden": 33}, {"updates": 0}, {"updates": 3001},
     {"nets": ()}, {"nets": ("Elman",)}, {"rate": 0.0}, {"rate": math.nan}, {"task": "digits", "length": 30}],
)  # fmt: skip
def test_what_cannot_be_trained_gets_a_sentence(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Setup(**wrong)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_lstm_and_gru_add_over_thirty_steps_and_the_plain_rnn_does_not(seed: int) -> None:
    last = {reading.net: reading for reading in train(Setup(seed=seed))}
    solved = {net for net, reading in last.items() if sentences.is_solved(reading.error, "adding")}
    assert solved == {"LSTM", "GRU"}


def rows(errors: dict[str, dict[int, list[float]]], task: str = "adding") -> pd.DataFrame:
    """A table of measured trainings, its errors shares of chance's, a seed each."""
    return pd.DataFrame([
        {"task": task, "length": length, "net": net, "rate": 0.01, "seed": seed, "loss": share,
         "error": share * TASKS[task].chance, "before": 0.5 + seed / 10, "after": 0.9 + seed / 100}
        for net, by in errors.items() for length, shares in by.items() for seed, share in enumerate(shares)
    ])  # fmt: skip


FAR, NEAR = (
    {10: [0.01, 0.02], 20: [0.05, 0.09], 40: [0.02, 0.09]},
    {10: [0.01, 0.02], 20: [0.05, 0.2], 40: [0.02, 0.09]},
)
NOWHERE = {10: [0.9, 1.0], 20: [1.0, 1.0], 40: [1.0, 1.0]}


def test_a_length_counts_where_all_seeds_solve_it_and_all_shorter_ones() -> None:
    table = rows({"LSTM": FAR, "GRU": NEAR, "RNN": NOWHERE})
    assert [sentences.solved_up_to(table, net) for net in ("LSTM", "GRU", "RNN")] == [40, 10, 0]
    assert sentences.by_length(table) == (
        "Solved from each of 2 seeds, all 40 numbers: LSTM; up to 10 numbers: GRU; not even 10 numbers: RNN."
    )
    one = sentences.by_length(table[table.length == 20])
    assert one == "Solved from each of 2 seeds, with 20 numbers, by LSTM; not by GRU and RNN."
    none = table[(table.length == 20) & (table.net == "RNN")]
    assert sentences.by_length(none) == "Solved from each of 2 seeds, with 20 numbers, by none."


def test_whether_it_is_the_gates_follows_from_how_far_the_nets_get() -> None:
    others = {"GRU": FAR, "LSTM bias 1": FAR, "identity RNN": NOWHERE, "identity ReLU": NOWHERE}
    said = sentences.gates_or_start(rows({"LSTM": FAR, "RNN": NOWHERE, **others}))
    assert "no net without gates gets as far" in said and "the RNN solves none of these, the one that" in said
    said = sentences.gates_or_start(rows({"LSTM": FAR, "RNN": NEAR, **others, "identity ReLU": FAR}))
    assert (
        "gates are not the only way: without any, identity ReLU gets" in said and "with ReLUs up to 40 numbers." in said
    )
    said = sentences.gates_or_start(rows({"LSTM": NEAR, "RNN": FAR, **others}))
    assert "gates show no advantage" in said
    said = sentences.gates_or_start(rows({"LSTM": NOWHERE, "RNN": NOWHERE, **others}))
    assert "The LSTM solves none of these" in said and "gates show no advantage" in said


def test_the_gradients_are_said_from_the_smallest_to_the_largest_of_the_seeds() -> None:
    said = sentences.gradients(rows({"RNN": FAR, "LSTM": FAR}), 20, ["RNN"])
    assert "At 20 numbers" in said and "RNN 0.50 to 0.60 before the training and 0.90 to 0.91 after it" in said
    assert "LSTM" not in said


@pytest.mark.parametrize(
    ("factor", "said"),
    [(0.37, "shrinks by 63 % a step"), (0.987, "shrinks by 1.3 % a step"), (1.0, "stays as large"),
     (1.2, "grows by 20 % a step"), (math.nan, "is not there at all")],
)  # fmt: skip
def test_a_factor_is_said_in_words(factor: float, said: str) -> None:
    assert sentences.per_step(factor) == said


def reading(net: str, error: float, factor: float, update: int = 10) -> Reading:
    return Reading(net, 4, 100, update, 10, 0.1, error, 1.0, tuple(factor**step for step in range(9)), 1.0)


def test_what_came_out_is_said_from_the_numbers() -> None:
    starts = [reading(net, 0.2, 0.5, 0) for net in ("RNN", "LSTM")]
    said = sentences.outcome("adding", starts, [reading("RNN", 0.16, 0.4), reading("LSTM", 0.001, 0.99)])
    assert "**Solved by LSTM**, not by RNN." in said
    assert "state of RNN shrinks by 50 % a step before the training, and shrinks by 60 % a step after it" in said
    assert "state of LSTM shrinks by 50 % a step before the training, and shrinks by 1 % a step after it" in said
    assert "Solved by none of them**: RNN and LSTM." in sentences.outcome("adding", starts, starts)
    assert sentences.is_solved(0.1 / 6, "adding") and not sentences.is_solved(0.11 / 6, "adding")


def test_each_net_stands_at_the_rate_with_the_smallest_loss() -> None:
    table = pd.concat([rows({"RNN": NEAR, "LSTM": FAR}), rows({"RNN": FAR, "LSTM": NOWHERE}).assign(rate=0.03)])
    best = lengths.best(table).set_index(["net", "length"])
    assert set(best.loc["LSTM"].rate) == {0.01} and len(best) == 2 * 3 * 2
    assert set(best.loc[("RNN", 20)].rate) == {0.03}
    diverged = table.assign(loss=table.loss.where(table.rate == 0.01))  # a loss that is no number is the largest
    assert set(lengths.best(diverged).rate) == {0.01}


def test_the_table_that_ships_is_whole_and_what_the_nets_do(monkeypatch: pytest.MonkeyPatch) -> None:
    table = lengths.table()
    assert len(table) == len(lengths.settings()) * len(NETS) and lengths.missing() == []
    assert not table.duplicated([*lengths.KEY, "net"]).any()
    assert (table.groupby("task").parameters.max() < 1.05 * table.groupby("task").parameters.min()).all()
    setup = lengths.settings()[0]
    quick = replace(setup, nets=("LSTM",))
    (found,) = lengths.measured(quick)
    own = table[(table[lengths.KEY] == [setup.task, setup.length, setup.rate, setup.seed]).all(axis=1)]
    own = own.set_index("net").loc["LSTM"]
    assert float(str(found["before"])) == pytest.approx(own.before, rel=1e-6)
    assert float(str(found["error"])) == pytest.approx(own.error, rel=0.5)  # machines round otherwise
    monkeypatch.setattr(lengths, "table", lambda: table[table.seed != 1])
    assert {setup.seed for setup in lengths.missing()} == {1}
