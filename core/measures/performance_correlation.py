"""Performance correlation: how much of what a net gets right a simple classifier explains."""

import torch
from jaxtyping import Int
from torch import Tensor


def performance_correlation(answers: Int[Tensor, " n"], simple: Int[Tensor, " n"], labels: Int[Tensor, " n"]) -> float:
    """The share of a net's information on the labels that a simple classifier's answers hold as well; at most 1.

    Nakkiran et al. 2019, "SGD on neural networks learns functions of increasing complexity", mu = I(F; Y) - I(F; Y | L)
    of the net's answers F, the simple ones L and the labels Y, here over I(F; Y), each by counts. NaN where the answers
    say nothing of the labels; below 0 where the two tell more together than each by itself. Counts make the second
    term, which has more cells, too large where images are few, and the share too small.
    """
    told = information(answers, labels)
    return 1 - information(answers, labels, simple) / told if told > 0 else torch.nan


def information(first: Int[Tensor, " n"], second: Int[Tensor, " n"], given: Int[Tensor, " n"] | None = None) -> float:
    """The mutual information of two numberings of the same images in bits, where a third is known if there is one.

    Shannon 1948, "A mathematical theory of communication": I(A; B | C) = H(A, C) + H(B, C) - H(A, B, C) - H(C).
    """
    known = torch.zeros_like(first) if given is None else given
    parts = ((first, known), (second, known), (first, second, known), (known,))
    one, other, both, alone = (_entropy(torch.stack(part, 1)) for part in parts)
    return max(0.0, one + other - both - alone)


def shared(answers: Int[Tensor, " n"], simple: Int[Tensor, " n"], labels: Int[Tensor, " n"]) -> float:
    """Of a net's right answers the share that a simple classifier gives as well; NaN where there is none.

    If the two were right about unlike images it would be the simple one's own share of right answers.
    """
    right = answers == labels
    return float((simple[right] == labels[right]).double().mean())


def _entropy(numbers: Int[Tensor, "n parts"]) -> float:
    """In bits."""
    shares = numbers.unique(dim=0, return_counts=True)[1].double() / len(numbers)
    return float(-(shares * shares.log2()).sum())
