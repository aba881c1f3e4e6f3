"""How colourful a picture is."""

from jaxtyping import Float
from torch import Tensor


def colourfulness(images: Float[Tensor, "n 3 height width"]) -> Float[Tensor, " n"]:
    """Of each image in [0, 1], on the scale of people's judgements: 0 is grey, 15 slightly, 59 quite, 109 extremely.

    Hasler and Süsstrunk 2003, "Measuring colourfulness in natural images", equation 4: with rg = R - G and
    yb = (R + G) / 2 - B, sqrt(sd(rg)^2 + sd(yb)^2) + 0.3 sqrt(mean(rg)^2 + mean(yb)^2).
    """
    red, green, blue = (255 * images).flatten(2).unbind(1)
    rg, yb = red - green, (red + green) / 2 - blue
    spread = (rg.var(1, correction=0) + yb.var(1, correction=0)).sqrt()
    return spread + 0.3 * (rg.mean(1).square() + yb.mean(1).square()).sqrt()
