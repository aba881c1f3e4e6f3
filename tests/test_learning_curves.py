"""core.learning_curves and core.models.local: what is trained, on what, and which rows come of it."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import nn

from core import learning_curves
from core.data.digits import Digits
from core.data.digits import test_set as read_test_set
from core.learning_curves import BATCH, CNN, COLUMNS, DENSE, NETS, RATES, READ, SEEDS, UNSHARED, UPDATES, Cell
from core.models.local import LocallyConnected, unshared


def test_with_equal_kernels_everywhere_an_unshared_layer_is_a_convolution() -> None:
    conv = nn.Conv2d(3, 5, 3, padding=1)
    own = LocallyConnected(3, 5, 3, 7)
    with torch.no_grad():
        own.weight.copy_(conv.weight.flatten(1).T.expand(49, 27, 5))
        own.bias.copy_(conv.bias.expand(49, 1, 5))
        x = torch.rand(2, 3, 7, 7)
        assert torch.allclose(own(x), conv(x), atol=1e-5)
        own.weight[8, :, 2] = 0.0  # of one place and one unit: there the bias alone is left
        changed = (own(x) - conv(x)).abs() > 1e-4
    assert changed.nonzero()[:, 1:].unique(dim=0).tolist() == [[2, 1, 1]]


def test_an_unshared_net_has_the_same_maps_and_readout() -> None:
    shared, own = NETS[CNN](), NETS[UNSHARED]()
    assert [name for name, _ in own.named_children()] == [name for name, _ in shared.named_children()]
    x, y = torch.rand(2, 1, 28, 28), torch.rand(2, 1, 28, 28)
    for (_, first), (_, second) in zip(shared.named_children(), own.named_children(), strict=True):
        x, y = first(x), second(y)
        assert x.shape == y.shape
        if isinstance(first, nn.Conv2d):
            places = x.shape[2] * x.shape[3]
            assert isinstance(second, LocallyConnected)
            assert sum(weight.numel() for weight in second.parameters()) == places * sum(
                weight.numel() for weight in first.parameters()
            )
    assert isinstance(unshared(nn.Sequential(nn.Linear(2, 1)))[0], nn.Linear)


def test_nets_that_are_compared_have_one_size() -> None:
    sizes = {name: sum(weight.numel() for weight in build().parameters()) for name, build in NETS.items()}
    sizes.pop(UNSHARED)
    assert max(sizes.values()) / min(sizes.values()) < 1.05


def test_pixels_are_permuted_by_one_permutation_and_labels_stay() -> None:
    digits = Digits(*(part[:30] for part in read_test_set()))
    found, again = learning_curves.permuted(digits), learning_curves.permuted(digits)
    assert torch.equal(found.images, again.images) and torch.equal(found.labels, digits.labels)
    assert torch.equal(found.images.flatten(1).sort().values, digits.images.flatten(1).sort().values)
    numbers = Digits(torch.arange(784.0).view(1, 1, 28, 28), digits.labels[:1])
    order = learning_curves.permuted(numbers).images.flatten().long()
    assert torch.equal(found.images.flatten(1), digits.images.flatten(1)[:, order])
    assert float((order.diff().abs() == 1).float().mean()) < 0.02  # neighbours are none any more


def test_all_see_as_many_images_however_few_there_are() -> None:
    digits = Digits(*(part[:500] for part in read_test_set()))
    numbered = Digits(torch.arange(500.0).view(500, 1, 1, 1), digits.labels)
    for images in (100, 300):
        found = learning_curves.repeated(numbered, images, seed=1)
        counts = found.images.flatten().long().bincount(minlength=500)
        assert len(found.labels) == UPDATES * BATCH
        assert int((counts > 0).sum()) == images and int(counts[counts > 0].max() - counts[counts > 0].min()) <= 1
        assert torch.equal(found.labels, digits.labels[found.images.flatten().long()])
    other = learning_curves.repeated(numbered, 100, seed=2).images
    assert not torch.equal(other, learning_curves.repeated(numbered, 100, seed=1).images)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Digits:
    """Trainings of a few updates, on test images."""
    monkeypatch.setattr(learning_curves, "UPDATES", 12)
    monkeypatch.setattr(learning_curves, "READ", (4, 12))
    monkeypatch.setattr(learning_curves, "HELD_OUT", 200)
    monkeypatch.setattr(learning_curves, "SIZES", (300, 400))
    return Digits(*(part[:800] for part in read_test_set()))


def rows_of(cells: list[Cell], digits: Digits) -> pd.DataFrame:
    rows = pd.DataFrame(columns=COLUMNS)
    unseen = Digits(*(part[800:1000] for part in read_test_set()))
    for cell in cells:
        new = pd.DataFrame(learning_curves.readings(cell, rows, digits, unseen))
        rows = pd.concat([rows, new], ignore_index=True)
    return rows


def test_rates_are_chosen_first_and_then_all_is_read(short: Digits) -> None:
    choices = [Cell(DENSE, False, 400, 0, rate) for rate in RATES]
    rows = rows_of([*choices, Cell(DENSE, False, 400, 1)], short)
    chosen, found = rows[rows.seed == -1], rows[rows.seed == 1]
    assert chosen.rate.tolist() == list(RATES) and set(chosen.updates) == {12}
    assert set(found.rate) == {chosen.sort_values("accuracy").rate.iloc[-1]}
    assert found[(found.right == 0) & (found.down == 0)].updates.tolist() == [4, 12]
    moved = found[(found.right != 0) | (found.down != 0)]
    assert len(moved) == 12 and set(moved.updates) == {12}
    assert learning_curves.done(rows) == {*choices, Cell(DENSE, False, 400, 1)}


def test_only_who_has_seen_the_most_images_is_shown_shifted_ones(short: Digits) -> None:
    rows = rows_of([*(Cell(DENSE, False, 300, 0, rate) for rate in RATES), Cell(DENSE, False, 300, 0)], short)
    assert set(rows.right) == {0} and set(rows.down) == {0}


def test_every_update_is_told_and_accuracy_is_read_behind_some(short: Digits) -> None:
    unseen = Digits(*(part[800:1000] for part in read_test_set()))
    asked = {(0, 0): unseen, (1, 0): Digits(unseen.images.roll(1, 3), unseen.labels)}
    updates = list(learning_curves.train(Cell(DENSE, False, 300, 0), 3e-3, short, asked))
    assert [update.updates for update in updates] == list(range(1, 13))
    read = {update.updates: [reading[:3] for reading in update.readings] for update in updates if update.readings}
    assert read == {4: [(4, 0, 0)], 12: [(12, 0, 0), (12, 1, 0)]}


def test_reading_changes_nothing_in_a_training(short: Digits) -> None:
    unseen = Digits(*(part[800:1000] for part in read_test_set()))
    cell = Cell(CNN, False, 300, 0)
    *_, last = learning_curves.train(cell, 3e-3, short, {(0, 0): unseen})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning_curves, "READ", (12,))
        *_, once = learning_curves.train(cell, 3e-3, short, {(0, 0): unseen})
    assert last == once


def test_a_training_permutes_what_it_learns_from_and_what_it_is_tested_on(short: Digits) -> None:
    """So a permuted one is one of permuted images that are taken as they are."""
    unseen = Digits(*(part[800:1000] for part in read_test_set()))
    own, moved = (learning_curves.permuted(digits) for digits in (short, unseen))
    cell = Cell(CNN, True, 300, 0)
    *_, last = learning_curves.train(cell, 3e-3, short, {(0, 0): unseen})
    *_, by_hand = learning_curves.train(cell._replace(permuted=False), 3e-3, own, {(0, 0): moved})
    *_, other = learning_curves.train(cell._replace(permuted=False), 3e-3, short, {(0, 0): unseen})
    assert last == by_hand != other


def test_without_training_images_the_halves_of_the_test_set_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = read_test_set()
    seen, unseen = learning_curves.images_for(training_images=False)
    assert torch.equal(seen.images, digits.images[:5000]) and torch.equal(seen.labels, digits.labels[:5000])
    assert torch.equal(unseen.images, digits.images[5000:]) and torch.equal(unseen.labels, digits.labels[5000:])
    asked: list[Path] = []
    monkeypatch.setattr(learning_curves, "training_set", lambda folder: asked.append(folder) or digits)
    seen, unseen = learning_curves.images_for(training_images=True)
    assert torch.equal(seen.images, digits.images[:-5000]) and torch.equal(unseen.images, digits.images)
    assert asked == [learning_curves.training_folder()]  # so that nothing is downloaded


def test_shifts_have_a_direction_and_begin_where_nothing_is_shifted() -> None:
    rows = pd.DataFrame([(0, 0, 9.0), (2, 0, 8.0), (0, 3, 7.0)], columns=["right", "down", "accuracy"])
    found = learning_curves.along_ways(rows)[["direction", "shift", "accuracy"]].values.tolist()
    assert found == [["right", 0, 9], ["right", 2, 8], ["down", 0, 9], ["down", 3, 7]]


def test_the_best_rate_is_that_of_the_held_out_images_of_equal_ones_the_smaller() -> None:
    rows = pd.DataFrame([(DENSE, False, 300, seed, rate, UPDATES, 0, 0, value) for seed, rate, value in
                         ((-1, 1e-3, 90.0), (-1, 3e-3, 95.0), (-1, 1e-2, 95.0), (0, 1e-3, 99.0))],
                        columns=COLUMNS)  # fmt: skip
    assert learning_curves.best_rate(rows, Cell(DENSE, False, 300, 4)) == 3e-3
    with pytest.raises(ValueError, match="For dense-2 and 1,000 images no learning rate has been chosen"):
        learning_curves.best_rate(rows, Cell(DENSE, False, 1_000, 4))


def test_the_same_seed_gives_the_same_numbers_and_another_one_others(short: Digits) -> None:
    cells = [Cell(DENSE, False, 300, 0, rate) for rate in RATES]
    first, again, other = (rows_of([*cells, Cell(DENSE, False, 300, seed)], short) for seed in (0, 0, 1))
    assert first.equals(again) and first.accuracy.iloc[-1] != other.accuracy.iloc[-1]


def test_permuted_pixels_are_the_same_to_a_dense_net_whose_first_weights_are_permuted(short: Digits) -> None:
    """So nothing in the training looks at places."""
    order = learning_curves.permuted(Digits(torch.arange(784.0).view(1, 1, 28, 28), short.labels[:1]))
    net, other = NETS[DENSE](), NETS[DENSE]()
    other.load_state_dict(net.state_dict())
    with torch.no_grad():
        other.get_parameter("fc1.weight").copy_(net.get_parameter("fc1.weight")[:, order.images.flatten().long()])
        moved = learning_curves.permuted(short)
        assert torch.allclose(net(short.images), other(moved.images), atol=1e-4)


def test_cells_come_with_their_rates_before_them() -> None:
    cells = learning_curves.cells()
    assert len(set(cells)) == len(cells)
    for place, cell in enumerate(cells):
        if not cell.rate:
            assert {cell._replace(seed=0, rate=rate) for rate in RATES} <= set(cells[:place])
    assert {cell.seed for cell in cells if not cell.rate} == set(SEEDS) and UPDATES in READ


def test_seeds_are_summed_up_without_the_rows_that_chose_rates_and_without_shifts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(DENSE, False, 300, seed, 3e-3, UPDATES, 0, 0, 80.0 + seed) for seed in SEEDS]
    rows += [(DENSE, False, 300, -1, 3e-3, UPDATES, 0, 0, 1.0), (DENSE, False, 300, 0, 3e-3, UPDATES, 2, 0, 2.0)]
    rows += [(CNN, True, 300, 0, 3e-3, 30, 0, 0, 50.0)]
    monkeypatch.setattr(learning_curves, "TABLE", tmp_path / "table.csv")
    learning_curves.table.cache_clear()
    assert learning_curves.over_seeds().empty and learning_curves.over_shifts().empty
    pd.DataFrame(rows, columns=COLUMNS).to_csv(tmp_path / "table.csv", index=False)
    learning_curves.table.cache_clear()
    found = learning_curves.over_seeds().to_dict("records")
    learning_curves.table.cache_clear()
    dense, cnn = found
    assert (dense["net"], dense["value"], dense["low"], dense["high"], dense["seeds"]) == (DENSE, 82.0, 80.0, 84.0, 5)
    assert (cnn["net"], cnn["permuted"], cnn["updates"], cnn["value"], cnn["seeds"]) == (CNN, True, 30, 50.0, 1)


def test_shifts_are_summed_up_over_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(DENSE, True, images, seed, 3e-3, updates, right, down, 80.0 + seed - right - 2 * down)
            for images in (300, 30_000) for seed in SEEDS
            for updates, right, down in ((30, 0, 0), (UPDATES, 0, 0), (UPDATES, 2, 0), (UPDATES, 0, 2))]  # fmt: skip
    rows += [(DENSE, True, 30_000, -1, 3e-3, UPDATES, 0, 0, 1.0)]
    monkeypatch.setattr(learning_curves, "TABLE", tmp_path / "table.csv")
    pd.DataFrame(rows, columns=COLUMNS).to_csv(tmp_path / "table.csv", index=False)
    learning_curves.table.cache_clear()
    found = learning_curves.over_shifts()
    learning_curves.table.cache_clear()
    assert found[["net", "permuted", "direction", "shift", "value", "low", "high", "seeds"]].values.tolist() == [
        [DENSE, True, "right", 0, 82, 80, 84, 5], [DENSE, True, "right", 2, 80, 78, 82, 5],
        [DENSE, True, "down", 0, 82, 80, 84, 5], [DENSE, True, "down", 2, 78, 76, 80, 5],
    ]  # fmt: skip


def test_no_net_has_seen_the_images_on_which_its_rate_is_chosen(short: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Digits, Digits]] = []
    monkeypatch.setattr(learning_curves, "train", lambda cell, rate, seen, unseen: iter(
        asked.append((seen, unseen[0, 0])) or ()))  # fmt: skip
    list(learning_curves.readings(Cell(DENSE, False, 300, 0, 1e-3), pd.DataFrame(), short, short))
    ((seen, held_out),) = asked
    assert torch.equal(seen.images, short.images[:-200]) and torch.equal(held_out.images, short.images[-200:])
    assert torch.equal(held_out.labels, short.labels[-200:])
