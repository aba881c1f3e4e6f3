"""What a classifier says, at the end and after each row."""

import torch

from core.answers import answers_by_row, probabilities
from core.data import digits
from core.models import load


def test_probabilities_are_the_softmax() -> None:
    shares = probabilities(torch.tensor([[0.0, torch.log(torch.tensor(3.0))]]))
    torch.testing.assert_close(shares, torch.tensor([[0.25, 0.75]]))


def test_the_answer_after_each_row_is_that_of_the_image_cut_there() -> None:
    model, image = load("rnn"), digits.test_set().images[3]
    by_row = answers_by_row(model, image)
    assert by_row.shape == (28, 10)
    for rows in (1, 10, 28):
        torch.testing.assert_close(
            by_row[rows - 1], probabilities(model(image[None, :, :rows]))[0], atol=1e-5, rtol=1e-4
        )
