"""From a map of what mattered to the thing itself: the region of a photo that a saliency map grows into."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter
from skimage.segmentation import random_walker
from torch import Tensor

SIDE = 112  # pixels at which the walkers walk
SURE, SURELY_NOT = 0.95, 0.40  # quantiles of importance: seeds of the thing, and of what lies around it
BLUR = 2.0  # pixels: single pixels of a gradient say little
EDGES = 300.0  # how little a walker crosses differences of colour


def segment(
    photo: Float[Tensor, "3 height width"], importance: Float[Tensor, "height width"]
) -> Bool[Tensor, "height width"]:
    """Which pixels belong to the thing: random walkers from the map's highest and lowest places (Grady 2006).

    Simonyan, Vedaldi, Zisserman 2014, section 3.2, grow theirs by GrabCut. Raises ValueError for a map without
    differences, which has no highest place.
    """
    small = F.interpolate(photo[None], (SIDE, SIDE), mode="area")[0]
    smooth = gaussian_filter(F.interpolate(importance[None, None], (SIDE, SIDE), mode="area")[0, 0].numpy(), BLUR)
    high, low = np.quantile(smooth, [SURE, SURELY_NOT])
    if not high > low:
        raise ValueError("This map makes the same of every pixel: nothing can be cut out by it.")
    seeds = np.select([smooth >= high, smooth <= low], [1, 2], 0)
    found = random_walker(small.permute(1, 2, 0).numpy(), seeds, EDGES, "cg_j", prob_tol=0.1, channel_axis=-1) == 1
    return F.interpolate(torch.from_numpy(found)[None, None].float(), photo.shape[1:], mode="nearest")[0, 0] > 0
