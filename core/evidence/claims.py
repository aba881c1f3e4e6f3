"""The claims about depth, what tests each of them, and the rule for a verdict: written before the report was computed.

**The rule.** A test is a statistic of a measure, of one net (or of all nets of a depth series) and one training. It is
*shown* where the statistic has the sign that the claim says, and is *beyond its control* where it exceeds that of the
control in that direction: of the untrained twins, unless another control is named. p-values are one-sided, from a
statistic over its bootstrap standard error by Student's distribution, and Holm's correction (1979) is made over all
p-values of a claim, both of a test among them, at LEVEL. A test *holds* where it is shown and beyond its control; where
it is shown alone, *the control shows it too*; it goes *against* the claim where its interval lies on the other side;
else it is *not shown*. Where a claim is about the difference to the control alone, that is what has to be shown. Of a
claim's tests all count. Where all hold, the claim *holds*. Where none does, it *holds, but the control shows it too* if
that is so in more than half of them, else it *does not hold*. Tests that differ in nothing but the replacement, what
stands in for a unit that is cut, have to agree: of each such group all hold or none does. Where a group does not, or
where those that hold are just those of one training, or of one recipe of ascent, the claim *depends on an assumption*,
which is named. Else it *holds only for* the nets in which all tests hold, or the measures, or so many of the tests.

**Of what a unit is built** (C11). Of every hidden layer that reads a hidden layer, and of every unit that answers at
all: on the 20 of the report's images to which it answers most, at its strongest place in each, one eighth of the units
that it reads is cut, at least one. *Named* are those that contribute most there, weight times activation, with their
sign. What cutting costs is read from a real forward pass, behind the unit's nonlinearity, and is a share of the
response, both summed over the images, so that a weak one does not count more than a strong one. Other eighths are put
beside: at random among all that contribute anything; at random among those that excite, which know the signs of the
weights; and the most active ones that the unit reads, which know no weight. In an affine layer the named eighth costs
more than others nearly by construction: how much more, and more than in the untrained twin, is the question. A unit is
cut in three ways: its mean over the images stands in for it, zero, or what it is in another image, drawn at random.
*Enough* is the named eighth if it alone, all others at their means, keeps more than one half of the rise of the
response over that with all at their means, and more than as many at random do. *Put together* is a picture for which
the named eighth alone climbs, with the weights that the unit has on its strongest image: what the unit reaches by it,
as a share of what it reaches by its own climb at that place, less the same of as many at random.

**XOR** (C5). Small nets in the plane are trained on points about XOR's four corners; of each layer the best unit, by
the best threshold on its pre-activation, is asked for the four corners. That a unit of the first layer gets three of
four at most is no test: it is linear, and `core.plane.exact` shows that no line gets more. Tested is whether the
deepest unit gets more than three of four, and more than the best one of the first layer, and both more than untrained.

**Symmetry** (C6). Nets with as many parameters are trained with as many updates on ever more images, without moved ones
(`core.learning_curves`). A gain is how many more percent of the test images a CNN gets right than a dense net, than the
same CNN with weights of its own at every place (what sharing adds), and this one than the dense net (what windows add):
with few and many images, after few updates, and on images moved by 4 pixels. Each gain is paired by seed. The control
is the same gain on digits whose pixels are permuted by one permutation: there the task has no such symmetry, so a gain
that is there, too, is not the symmetry's.

**Memory** (C8). What a net keeps of the order in which things came. Of the net that reads text: a character's bits,
-log2 of its probability, where all but the ten characters before it are another place's, and where they are its own
words in another order, less those where they stand as they stood (`core.memory.contexts`): both more than 0, and more
than in untrained twins. And its bits on all of the held-out text, less those of the best of n-grams, which know the
last few characters alone. Of the net that reads digits row by row: how well earlier rows can be read from each layer's
state by a linear map, summed over all steps back but the present one (Jaeger 2001's memory capacity), more than from
the present row alone, which is like its neighbours, and than from twins' states; how many steps back an input's
influence on the state falls to 1 / e of its largest, more than in twins, where that difference is the claim; and how
many percent of the test images it loses where their rows are shuffled, more than the dense net, which knows no time.

The bootstrap draws n - 1 of n nets with replacement (Rao and Wu 1988), as n of n would make the spread too small by
sqrt((n - 1) / n), and within each net the units of a layer. Intervals are of 95 %.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from core.circuits.eighth import ACTIVE, ANOTHER, EXCITING, MEAN, RANDOM, ZERO
from core.evidence.gains import GAINS
from core.evidence.statistics import (
    Statistic,
    level,
    no_worse,
    over_chance,
    over_half,
    over_line,
    over_pixels,
    rank,
    rise,
)
from core.models import DIGIT_NETS, RANDOM_LABELS, ROTATIONS, TWIN
from core.models.series import CONVOLUTIONS, DENSE, LSTMS
from core.models.text import TEXT
from core.plane import xor
from core.telling import SLACK

LEVEL = 0.05
LEAST = 3  # hidden layers of a net of which a rank correlation is taken
SERIES_NETS = {
    "dense series": tuple(f"dense-{depth}" for depth in DENSE if depth >= LEAST),
    "cnn series": tuple(f"cnn-{depth}" for depth in CONVOLUTIONS if depth >= LEAST),
    "lstm series": tuple(f"lstm-{depth}" for depth in LSTMS if depth >= LEAST),
}
SUBJECTS = tuple(DIGIT_NETS)
PICTURED = ("dense", "dense-video", "cnn")  # first weights are pictures
TRAININGS = ("trained", "plain")
WITHOUT_CLASSES = (RANDOM_LABELS, ROTATIONS)  # computed beside the tests, and shown as an objection; they do not count
ONLY_BY = dict.fromkeys(("photo", TEXT.name, *xor.NETS), ("trained",)) | dict.fromkeys(SERIES_NETS, ("plain",))
REGULARISED, BARE = "regularised", "bare"
RIVALS = {  # of the named eighth of the units that a unit reads: as many others
    RANDOM: "as many at random", EXCITING: "as many exciting ones at random", ACTIVE: "the most active ones",
}  # fmt: skip


@dataclass(frozen=True)
class Test:
    """A statistic of a measure, the sign that the claim gives it, where it is looked for, and its control."""

    measure: str
    statistic: Statistic
    sign: int
    subjects: tuple[str, ...] = SUBJECTS
    control: str | None = TWIN  # or another measure, of the same net; None where the statistic has it in itself
    beside: str = ""  # a measure of the same net that the statistic compares with, or
    rival: str = ""  # a net of as many layers
    relative: bool = False  # whether the claim is about the difference to the control alone
    recipe: str = ""  # of ascent, where units are climbed
    replacement: str = ""  # what stands in for units, where they are cut
    says: str = ""  # what the statistic is


@dataclass(frozen=True)
class Claim:
    """What is claimed, where one can see it with one's own digit, and what tests it."""

    name: str
    says: str
    page: str
    tests: tuple[Test, ...] = field(default=())
    later: str = ""  # what it waits for, where nothing tests it yet


def _rises(measure: str, sign: int = 1, subjects: tuple[str, ...] = SUBJECTS, recipe: str = "") -> Test:
    """From the first hidden layer to the last one."""
    return Test(measure, rise, sign, subjects, recipe=recipe, says="last hidden layer less the first")


def _ranks(measure: str, sign: int = 1, series: tuple[str, ...] = tuple(SERIES_NETS)) -> Test:
    return Test(measure, rank, sign, series, says="rank correlation with depth")


def _both_recipes(measure: str, sign: int) -> tuple[Test, Test]:
    return _rises(measure, sign, recipe=REGULARISED), _rises(f"{measure}, bare", sign, recipe=BARE)


_EDGES = Test("edges in weights", level, 1, PICTURED, beside="edges in weights, shuffled",
              says="first layer less the same weights shuffled")  # fmt: skip
_DEEP = tuple(test for measure, sign in (("nonlinearity", 1), ("probe", 1), ("probe at equal dimension", 1),
                                         ("similarity to pixels", -1), ("dimension", 1), ("detour", 1))
              for test in (_rises(measure, sign), _ranks(measure, sign)))  # fmt: skip
_FLIPS = _rises("flips", 1, ("dense", "cnn")), _ranks("flips", 1, ("dense series", "cnn series"))
_LESS = ", less that of untrained twins"
_AT_EQUAL_DEPTH = "cnn less dense at the same depth"

_CUT = tuple(
    Test(measure, level, 1, beside=f"{measure}, {rival}", replacement=replacement, says=f"named eighth less {said}")
    for replacement, measure in ((MEAN, "lost by cutting"), (ZERO, "lost by cutting, zero"),
                                 (ANOTHER, "lost by cutting, another image"))
    for rival, said in RIVALS.items()
)  # fmt: skip

CLAIMS: dict[str, Claim] = {claim.name: claim for claim in (
    Claim("C1", "What a unit detects can be found by changing the input by gradient ascent.", "features", (
        Test("forced choice", over_chance, 1, control="forced choice, another unit's picture",
             says="right choices by the unit's picture, over chance"),
        Test("forced choice", no_worse, 1, control=None, beside="forced choice, strongest real image",
             says=f"picture less the strongest real image, plus {SLACK}"),
        *(Test(measure, level, 1, control=None, beside=f"{measure}, {other}", says=f"units less {other} directions")
          for measure in ("purity", "coherence") for other in ("random", "independent")),
    )),
    Claim("C2", "First layers detect small edges, later ones loops and whole digits.", "weights", (
        _EDGES,
        *_both_recipes("edges", -1), *_both_recipes("locality", 1), *_both_recipes("frequency", -1),
        _rises("eta squared"), _ranks("eta squared"), _rises("class selectivity", 1, ("dense", "dense-video", "cnn")),
        _rises("sparsity"), _ranks("sparsity"),
    )),
    Claim("C3", "In a CNN deeper units see more pixels.", "draw", (
        *(_rises(measure, 1, ("cnn",)) for measure in ("field", "effective radius", "effective area")),
        *(_ranks(measure, 1, ("cnn series", "photo")) for measure in ("field", "effective radius", "effective area")),
    )),
    Claim("C4", "Complexity grows with depth in dense nets too, as nonlinearity rather than as spatial size.", "maps",
          (*_DEEP, *_FLIPS)),
    Claim("C5", "A first-layer unit cannot compute XOR, a deeper one can.", "xor", (
        Test("best unit at XOR", over_line, 1, tuple(xor.NETS), says="the deepest unit, over three of four"),
        Test("best unit at XOR", rise, 1, tuple(xor.NETS), says="the deepest unit less the first layer's best"),
    )),
    Claim("C6", "Convolution works better because it follows the symmetry of the task.", "symmetry", tuple(
        Test(measure, level, 1, ("cnn",), control=f"{measure}, permuted", says="percent of the test images")
        for measure in GAINS)),
    Claim("C7", "A convolutional layer is no more complex than a dense one.", "draw", tuple(
        Test(measure, level, sign, ("cnn", "cnn series"), rival="dense", says=_AT_EQUAL_DEPTH)
        for measure, sign in (("nonlinearity", -1), ("similarity to pixels", 1), ("detour", -1), ("flips", -1)))),
    Claim("C8", "A recurrent net keeps what the data's order carries.", "memory", (
        Test("bits by what stands further back", level, 1, (TEXT.name,), says="another place's text less its own"),
        Test("bits by the order of words", level, 1, (TEXT.name,), says="words in another order less its own"),
        Test("bits less than n-grams", level, 1, (TEXT.name,), control=None, says="the best n-gram less the net"),
        Test("memory capacity", level, 1, ("rnn",), beside="memory capacity, present row",
             says="from the state less from the present row"),
        Test("horizon", level, 1, ("rnn",), relative=True, says=f"steps{_LESS}"),
        Test("lost with rows shuffled", level, 1, ("rnn",), control=None, beside="lost with rows shuffled, dense",
             says="percent of the test images, less that of the dense net"),
    )),
    Claim("C9", "Images become vectors in a layer's space, and neighbours there mean the same.", "neighbours", (
        Test("neighbours", over_pixels, 1, says="last hidden layer less the pixels"),
        _rises("neighbours"), _ranks("neighbours"),
    )),
    Claim("C10", "Training does this, not the architecture alone; and it happens in an order.", "features", (
        *(Test(measure, level, sign, (*SUBJECTS, *SERIES_NETS), relative=True, says=f"mean over hidden layers{_LESS}")
          for measure, sign in (("eta squared", 1), ("neighbours", 1), ("probe at equal dimension", 1),
                                ("nonlinearity", 1), ("similarity to pixels", -1))),
        replace(_EDGES, relative=True, says=f"{_EDGES.says}{_LESS}"),
        Test("recovered before freezing", rise, -1, control=None, says="all hidden layers less the first alone"),
    )),
    Claim("C11", "A later unit is built from the few earlier units that its weights name, and they are enough.",
          "circuits", (
        *_CUT,
        Test("kept", over_half, 1, control="kept, random", says="over one half"),
        Test("kept", level, 1, beside="kept, random", says=f"named eighth less {RIVALS['random']}"),
        *(Test(measure, level, 1, beside=f"{measure}, random", recipe=recipe,
               says=f"named eighth less {RIVALS['random']}")
          for measure, recipe in (("put together", REGULARISED), ("put together, bare", BARE))),
    )),
)}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One test of a claim in one net or series and one training."""

    claim: str
    test: Test
    subject: str
    training: str

    @property
    def models(self) -> tuple[str, ...]:
        """The nets that are taken together."""
        return SERIES_NETS.get(self.subject, (self.subject,))

    @property
    def counts(self) -> bool:
        """Whether it bears on the verdict."""
        return self.training not in WITHOUT_CLASSES


def cells(claim: Claim) -> Iterator[Cell]:
    """All of a claim; those without classes last."""
    for trainings in (TRAININGS, WITHOUT_CLASSES):
        for test in claim.tests:
            for subject in test.subjects:
                for training in trainings:
                    if training in ONLY_BY.get(subject, trainings):
                        yield Cell(claim.name, test, subject, training)
