"""How each measure is computed, and the rule for a verdict, in plain words."""

from collections.abc import Iterable

from core.evidence.claims import LEVEL
from core.evidence.statistics import RESAMPLES
from core.measures.spaces import K

FORMULAS = {  # by a measure's name, up to its comma
    "field": "The pixels that can change a unit at all, across, from kernels, strides and paddings.",
    "effective radius": "The mean absolute gradient of a unit by each pixel, over images; of it the root of the mean "
    "squared distance from its centre (Luo et al. 2016).",
    "effective area": "How many pixels have more than 4.55 % of the largest mean absolute gradient (Luo et al. 2016).",
    "nonlinearity": "$1 - R^2$ of each unit's best linear fit from the pixels, by ridge regression, on images that are "
    "held out: 0 is a linear unit.",
    "probe": "The share of held-out images whose class a penalised softmax reads off the layer (Alain, Bengio 2016).",
    "probe at equal dimension": "The same from a random projection to as many numbers for every layer of a net.",
    "similarity to pixels": "Linear CKA, $\\mathrm{HSIC}(K, L) / \\sqrt{\\mathrm{HSIC}(K, K)\\,\\mathrm{HSIC}(L, L)}$ "
    "with unbiased estimates (Kornblith et al. 2019): 1 is the same arrangement of the images.",
    "dimension": "The participation ratio $(\\sum \\lambda)^2 / \\sum \\lambda^2$ of the covariance's eigenvalues "
    "(Gao et al. 2017).",
    "detour": "On the straight line from one image to another: the length of the layer's path over the distance of its "
    "ends (Raghu et al. 2017).",
    "flips": "How often ReLUs turn on or off on that line, a ReLU (Raghu et al. 2017).",
    "neighbours": f"Of the {K} nearest others of each image by cosine, the share that shows the same digit.",
    "eta squared": "The share of a unit's variance that lies between the classes.",
    "class selectivity": "$(a - b) / (a + b)$ of the highest mean activity $a$ of a class and the mean $b$ of the "
    "others (Morcos et al. 2018); where activations are never negative.",
    "sparsity": "$(\\sqrt{n} - L_1 / L_2) / (\\sqrt{n} - 1)$ of a unit over images (Hoyer 2004): 1 answers one alone.",
    "edges in weights": "The best correlation of a first-layer filter with a bank of Gabors and step edges; beside it "
    "the same weights in a random order.",
    "edges": "The same of the picture that gradient ascent finds for a unit, within what the unit can see.",
    "locality": "The side in pixels of the smallest square that holds 90 % of a picture's squared values.",
    "frequency": "The mean spatial frequency of a picture in cycles a pixel, weighted by power (Field 1987).",
    "forced choice": "Shown a unit's picture, other nets choose which of two real images excites it more: the share "
    "of right choices (after Borowski et al. 2021).",
    "purity": "The share of the commonest digit among the nine images that excite a unit, or a direction, most.",
    "coherence": "The mean cosine of those nine images to each other, as other nets see them.",
    "lost by cutting": "One eighth of the units that a unit reads, at least one, is cut: those that contribute most "
    "there, weight times activation with its sign. Of its response, at its strongest place in each of its 20 strongest "
    "images, the share that is gone in a real forward pass: $1 - \\sum r' / \\sum r$ over images. Beside it as many at "
    "random among all that contribute, among those that excite, and the most active ones. What stands in for a cut "
    "unit is its mean, zero, or its value in another image. In an affine layer $r' = f(z - \\sum (c - c'))$ with the "
    "contributions $c$: that the named cost more is nearly by construction, how much more than in the twin is not.",
    "kept": "The named eighth alone, all others at their means: $\\sum (r' - r_0) / \\sum (r - r_0)$, with $r_0$ where "
    "all are at their means. It may exceed 1, as what inhibits is at its mean, too.",
    "put together": "A picture for which the named eighth climbs, weighted as on the unit's strongest image, and the "
    "unit itself is never asked: what the unit reaches by it, over what it reaches by its own climb at the same place.",
    "best unit at XOR": "The largest share of XOR's four corners that a threshold on one unit of a layer gets right; "
    "ten seeds of each of three small nets in the plane. Of the first layer it is 0.75 at most, as of any line.",
    "CNN less dense": "How many more percent of the test images a CNN gets right than a dense net with as many "
    "parameters after as many updates, on the mean over seeds, each CNN beside the dense net of its seed. The control "
    "is the same with the pixels of all images permuted by one permutation.",
    "shared less unshared": "The same of the CNN and of one with its windows, but weights of its own at every place: "
    "what sharing weights adds.",
    "windows less dense": "The same of this one and of the dense net: what windows add.",
    "bits by what stands further back": "How many more bits, -log2 of its probability, a character of the held-out "
    "text costs the net that reads text where all but the ten characters before it are another place's; 20 parts of "
    "the text. Some of it is what the seam costs: with nothing before the ten it is less (see *Memory*).",
    "bits by the order of words": "The same where they are the place's own words in another order.",
    "bits less than n-grams": "How many bits a character the net needs less than the best of n-grams, which know the "
    "last 0 to 8 characters, by Witten and Bell's interpolation (1991); all of the held-out text, in 20 parts.",
    "memory capacity": "How many of a digit's earlier rows a linear map reads from a layer's state: R² of a ridge "
    "regression on held-out images, summed over all steps back but the present row (Jaeger 2001). Beside it the same "
    "from the present row and 64 random features of it, without memory; means over five seeds.",
    "horizon": "How many rows back an input's influence on the layer's output, the Frobenius norm of d h_t / d x_s, "
    "has fallen to 1 / e of its largest, on the mean over 100 images; 21 is 21 or more.",
    "lost with rows shuffled": "How many percent of 2,000 test images a net gets wrong more often where all images' "
    "rows come in one random order, the mean of five orders; less the same of the dense net of that seed.",
    "recovered before freezing": "How much of the accuracy comes back where layers are frozen early in training.",
}
RULE = f"""
**What is measured.** 2,000 test images, every hidden layer, every unit; five seeds of each of the four nets, trained
and plain, three of each net of a depth series, and as many untrained twins. The answer's layer takes no part.

**A test** takes one number of a measure: its rise from the first hidden layer to the last, its rank correlation with
depth, or its mean over layers. It is *shown* where the number has the sign that the claim says, and *beyond its
control* where it exceeds that of the untrained twins, or of the control that is named, in that direction. It *holds*
where it is both; the *control shows it too* where it is shown alone; it goes *against* the claim where its interval
lies on the other side.

**How sure.** Intervals are of 95 %, by Student's distribution over the bootstrap's standard error: {RESAMPLES:,} draws
of n - 1 of n nets (Rao and Wu 1988), and within each net of the units of a layer. All p-values of a claim are
corrected together: the $k$-th smallest of $m$ counts $m - k + 1$ times (Holm 1979), at {LEVEL:.0%}.

**A verdict** counts all tests. Where all hold, the claim *holds*. Where none does, it *holds, but the control shows it
too* if that is so in more than half of them, and else it *does not hold*. Where tests that differ only in what stands
in for a unit that is cut do not agree, or where those that hold are just those of one training, or of one recipe of
ascent, it *depends on an assumption*. Else it *holds only for* the nets in which all
tests hold, or the measures, or so many of the tests. The rule was written before the numbers were computed:
`python -m core.evidence report` and `python -m core.evidence verdicts` compute them.
"""


def formulas(measures: Iterable[str]) -> str:
    """Of these measures, a line each."""
    names = dict.fromkeys(measure.split(",")[0] for measure in measures)
    return "\n".join(f"- **{name}**: {FORMULAS[name]}" for name in names if name in FORMULAS)
