"""How long a recurrent net holds what it has read of an image, while it reads empty rows.

A delayed response, as it is asked of animals (Fuster and Alexander 1971): while the delay lasts the input says nothing,
so whatever is read off the state has been kept. A net without memory is at chance.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from core.memory.unrolled import layers
from core.models.rnn import RNN


def delayed(images: Float[Tensor, "n 1 rows 28"], read: int, blank: int) -> Float[Tensor, "n 1 steps 28"]:
    """The first `read` rows of images, and `blank` empty rows behind them."""
    first = images[:, :, :read]
    return torch.cat([first, first.new_zeros(*first.shape[:2], blank, first.shape[3])], 2)


@torch.no_grad()
def held(net: RNN, images: Float[Tensor, "n 1 rows 28"], read: int, blank: int) -> dict[str, Float[Tensor, "n units"]]:
    """Each layer's state after the first `read` rows and `blank` empty ones."""
    found, steps = {}, delayed(images, read, blank).squeeze(1)
    for name, lstm in layers(net).items():
        steps = lstm(steps)[0]
        found[name] = steps[:, -1]
    return found
