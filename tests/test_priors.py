"""The priors: what they leave as it is, what they hold back, and that they are what their command makes."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Generator, Tensor

from core.ascent import ascend, best_of, priors
from core.ascent.objectives import Objective, units
from core.ascent.priors import Linear, fit_linear, shipped
from core.ascent.within import Within, held
from core.data import digits
from core.models import load


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed))


def test_the_linear_prior_is_its_mean_at_zero_and_an_image_of_its_span_again() -> None:
    """Before the logistic function, which is undone here."""
    images = digits.test_set().images[:200]
    prior = fit_linear(images, 5)
    made = prior(torch.zeros(1, 5)).logit() / 8 + 0.5
    torch.testing.assert_close(made, images.mean(0, keepdim=True), atol=1e-3, rtol=0)
    points = torch.tensor([[1.0, -2.0, 0.5, 0.0, 3.0]])
    again = prior.points(prior(points).logit() / 8 + 0.5)
    torch.testing.assert_close(again, points, atol=1e-2, rtol=0)


def test_its_components_are_those_of_singular_values_in_standard_deviations() -> None:
    """Pearson 1901, by another decomposition; up to each one's sign."""
    images = digits.test_set().images[:300]
    flat = images.flatten(1).double().numpy()
    _, sizes, axes = np.linalg.svd(flat - flat.mean(0), full_matrices=False)
    expected = (sizes / math.sqrt(300))[:10, None] * axes[:10]
    found = fit_linear(images, 10).components.double().numpy()
    signs = np.sign((found * expected).sum(1, keepdims=True))
    np.testing.assert_allclose(signs * found, expected, atol=1e-4)
    points = fit_linear(images, 10).points(images)
    torch.testing.assert_close(points.std(0, correction=0), torch.ones(10), atol=1e-3, rtol=0)


def test_points_are_held_in_the_ball_and_left_alone_inside() -> None:
    points = torch.stack([torch.full((50,), 3.0), torch.full((50,), 0.5)])
    found = held(points, 1.5)
    assert found.norm(dim=1).tolist() == pytest.approx([1.5 * math.sqrt(50), 0.5 * math.sqrt(50)])
    assert torch.equal(found[1], points[1]) and found[0, 0] > 0


@pytest.mark.parametrize("name", priors.PRIORS)
def test_after_every_step_of_a_climb_the_image_is_one_of_the_ball(name: str) -> None:
    """The loop is given points far outside; what it draws is what the prior makes of points that are held."""
    prior, seen = shipped(name), []

    def watched(points: Tensor) -> Tensor:
        seen.append(points.detach().norm(dim=1) / math.sqrt(points.shape[1]))
        return prior(points)

    watched.numbers = prior.numbers  # type: ignore[attr-defined]
    parametrise = Within(watched, 5 * noise(3, prior.numbers), 0.7)  # type: ignore[arg-type]
    steps = list(ascend(load("dense"), units("fc2", [0, 1, 2]), parametrise=parametrise, steps=5, lr=0.5,
                        generator=Generator().manual_seed(0)))  # fmt: skip
    assert len(steps) == 6 and (torch.stack(seen) <= 0.7 + 1e-5).all()
    assert steps[-1].scores.sum() > steps[0].scores.sum()


@pytest.mark.parametrize("radius", [0.0, -1.0])
def test_a_ball_without_inside_is_refused(radius: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Within(shipped("linear"), torch.zeros(1, 50), radius)


def test_a_climb_begins_with_the_best_that_was_drawn_and_the_next_best_for_the_same_again() -> None:
    """Each image by its own score; by hand one net, one image and one unit at a time."""
    prior, drawn, net = shipped("linear"), noise(12, 50), load("cnn")
    indices = [4, 9, 4]
    found = best_of(net, units("conv2", indices), prior, drawn, [0, 0, 1])
    with torch.no_grad():
        values = torch.stack([net.conv2(net.pool1(net.relu1(net.conv1(prior(point[None])))))[0, :, 7, 7]
                              for point in drawn])  # fmt: skip
    for place, (unit, rank) in enumerate(zip(indices, (0, 0, 1), strict=True)):
        assert torch.equal(found[place], drawn[values[:, unit].argsort(descending=True)[rank]])


def test_what_only_reads_the_image_can_begin_with_its_best_too() -> None:
    ink = Objective(frozenset(), lambda seen, images: images.sum((1, 2, 3)))
    prior, drawn = shipped("generator"), noise(30, 24)
    (found,) = best_of(load("dense"), ink, prior, drawn, [0])
    assert torch.equal(found, drawn[prior(drawn).sum((1, 2, 3)).argmax()])


def test_what_ships_reconstructs_as_its_file_says_and_draws_digits() -> None:
    """On test images, which the fit never saw, the error is that of the unseen training images, nearly."""
    images = digits.test_set().images[:2000]
    linear = shipped("linear")
    assert priors.error(images, linear(linear.points(images))) == pytest.approx(
        priors.about("linear")["error"], rel=0.05
    )
    for name in priors.PRIORS:
        made = shipped(name)(noise(500, shipped(name).numbers))
        assert made.shape == (500, 1, 28, 28) and made.min() >= 0 and made.max() <= 1
        assert float(made.mean()) == pytest.approx(float(images.mean()), rel=0.3)
    assert sum(path.stat().st_size for path in priors.FOLDER.iterdir()) < 1.5 * 2**20


def test_nets_take_the_generators_drawings_for_digits() -> None:
    """More surely than noise that is smoothed as much."""
    net = load("cnn")

    def sure(images: Tensor) -> float:
        with torch.no_grad():
            return float(net(images).softmax(1).amax(1).mean())

    drawn = shipped("generator")(noise(200, 24))
    assert sure(drawn) > 0.8


def test_no_test_image_is_read_while_the_priors_are_fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made again on few images from the seed, with the test images out of reach; the same twice, and read back."""
    images = digits.test_set().images[:300]

    def hidden() -> None:
        raise AssertionError("a test image was read")

    monkeypatch.setattr(digits, "test_set", hidden)
    monkeypatch.setattr(digits, "_read_idx", hidden)
    monkeypatch.setattr(priors, "FITTED", 256)
    made = []
    for folder in ("first", "again"):
        monkeypatch.setattr(priors, "FOLDER", tmp_path / folder)
        *_, last = priors.make(images)
        assert last.step == last.steps == 12 * 2 and last.nets is not None
        made.append([load_file(tmp_path / folder / f"{name}.safetensors") for name in priors.PRIORS])
    for first, again in zip(*made, strict=True):
        assert first.keys() == again.keys() and all(torch.equal(first[key], again[key]) for key in first)
    points = noise(2, 24)
    shipped.cache_clear()
    read = shipped("generator")(points)
    shipped.cache_clear()
    last.nets[1].eval()
    torch.testing.assert_close(read, last.nets[1](points), atol=2e-3, rtol=0)


def test_the_autoencoders_loss_is_that_of_its_paper_and_falls() -> None:
    """Kingma and Welling 2014, appendix B: minus the log likelihood, and the divergence from a normal distribution."""
    images = digits.test_set().images[:256]
    losses = [step.loss for step in priors.fit_generator(images, priors.Recipe(epochs=20))]
    assert len(losses) == 40 and np.mean(losses[-5:]) < 0.5 * losses[0]
    generator = Generator().manual_seed(0)
    first = next(iter(priors.fit_generator(images, priors.Recipe(batch=256))))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder, decoder = priors._encoder(24), priors.Decoder()
    seen = images[torch.randperm(256, generator=generator)]
    with torch.no_grad():
        mean, log_variance = encoder(seen).chunk(2, dim=1)
        points = mean + log_variance.exp().sqrt() * torch.randn(mean.shape, generator=generator)
        made = decoder(points)
        likely = torch.distributions.Bernoulli(made, validate_args=False).log_prob(seen).sum((1, 2, 3)).mean()
        own = torch.distributions.Normal(mean, log_variance.exp().sqrt())
        apart = torch.distributions.kl_divergence(own, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    assert first.loss == pytest.approx(float(apart - likely), rel=1e-4)


def test_a_linear_prior_can_have_as_many_numbers_as_asked_for() -> None:
    assert Linear(7)(torch.zeros(2, 7)).shape == (2, 1, 28, 28)


@pytest.mark.parametrize("name", sorted(priors.PRIORS))
def test_loading_a_prior_leaves_torchs_generator_alone(name: str) -> None:
    before = torch.get_rng_state()
    priors.shipped(name)
    assert torch.equal(torch.get_rng_state(), before)
