"""A net can be traced while other threads use it, and others."""

import threading

import pytest
import torch
from torch import nn

from core.models import load, untrained
from core.models.tracing import enclosing, traced
from tests.nets import Fickle


def test_other_threads_compute_on_while_a_net_is_traced() -> None:
    net, other = load("photo"), load("dense")
    photo, digit = torch.rand(1, 3, 32, 32), torch.rand(1, 1, 28, 28)
    with torch.no_grad():
        expected = net(photo), other(digit)
    wrong: list[str] = []
    over = threading.Event()

    def compute() -> None:
        while not over.is_set():
            try:
                with torch.no_grad():
                    answers = net(photo), other(digit)
                if not all(torch.equal(a, b) for a, b in zip(answers, expected, strict=True)):
                    wrong.append("another answer")
            except Exception as error:
                wrong.append(repr(error))

    threads = [threading.Thread(target=compute) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        graphs = [[str(node.target) for node in traced(net).nodes] for _ in range(10)]
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert all(graph == graphs[0] for graph in graphs)
    assert nn.Module.__call__.__module__ == "torch.nn.modules.module"


def test_a_call_stands_in_the_modules_around_it() -> None:
    """From the outermost to the one that is called; what a function computes stands in the module that calls it."""
    net = untrained("photo", 0)
    nodes = {str(node.target): node for node in traced(net).nodes}
    assert list(dict.fromkeys(enclosing(nodes["block3.expand"]))) == ["block3", "block3.expand"]
    assert enclosing(nodes["stem.conv"])[-1] == "stem.conv"
    added = next(node for node in traced(net).nodes if node.op == "call_function" and "add" in str(node.target))
    assert enclosing(added) == ["block3"]


def test_a_net_that_cannot_be_traced_is_named() -> None:
    with pytest.raises(ValueError, match="Fickle cannot be traced: "):
        traced(Fickle())
    assert traced(untrained("dense", 0)).nodes  # and the next one can
