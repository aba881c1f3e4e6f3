"""Links as nobody means them: each page's parameters, and what one could write behind them."""

import random

PARAMETERS = {
    "draw": "digit ink unit weights layers dense epochs rows brush erase by percent",
    "photo": "photo unit net of layer order",
    "weights": "of deep unit",
    "features": "sees models net of unit only which which-photo count first prior radius variants seed steps start "
    "start-photo place place-photo behind minus budget blur jitter waves turn digit ink photo layers-photo",
    "attribution": "images baseline-digits baseline-photos shown shown-photos opacity methods-digits methods-photos "
    "all cut models of net about why not which class training by percent digit ink photo pixel unit",
    "circuits": "unit input whose parts levels at edge turned times closer fill together of digit ink photo",
    "guess": "ask round question",
    "neighbours": "images metric models of near far digit ink photo net unit",
    "maps": "map models of digit ink unit",
    "memory": "reads layer of influence scale sort read unit digit ink tracks cell-layer cell-number text-is "
    "text-weights text passage behind cells-part cells-by moved-by train-task train-nets train-length-adding "
    "train-length-recall train-units train-rate train-updates train-seed train-clip",
    "make": "make made-from photo digit ink fooling-into-digits fooling-into-photos fooling-norm "
    "fooling-size-digits-Linf fooling-size-digits-L2 fooling-size-photos-Linf fooling-size-photos-L2 fooling-steps "
    "fooling-step fooling-seed "
    "dream-net dream-layer-photo dream-layer-dense dream-layer-cnn "
    "dream-layer-rnn dream-strength dream-octaves dream-unit dream-steps-photos dream-jitter-photos "
    "dream-frames-photos dream-factor-photos dream-seed-photos dream-steps-digits dream-jitter-digits "
    "dream-frames-digits dream-factor-digits dream-seed-digits dream-scale-photos caricature-net "
    "caricature-layer-photo caricature-layer-dense caricature-layer-cnn caricature-layer-rnn "
    "caricature-start caricature-exponent-photos caricature-strength-photos caricature-steps-photos "
    "caricature-jitter-photos caricature-seed-photos caricature-exponent-digits "
    "caricature-strength-digits caricature-steps-digits caricature-jitter-digits caricature-seed-digits "
    "style style-digit style-strength-photos style-strength-digits style-keep "
    "style-content-photos style-content-digits style-style-photos style-style-digits style-start-photos style-side "
    "style-steps-photos style-lr-photos style-jitter-photos style-tv-photos style-seed-photos style-gram-photos "
    "style-steps-digits style-start-digits texture-of texture-side layers-texture-photos layers-texture-digits "
    "texture-steps-photos texture-lr-photos texture-jitter-photos texture-tv-photos texture-seed-photos "
    "texture-gram-photos texture-steps-digits "
    "inversion-layer inversion-prior inversion-starts-photos-7 inversion-starts-photos-1 inversion-starts-digits-none "
    "inversion-tv-photos-7 inversion-steps-photos-1 inversion-lr-digits-none inversion-seed-digits-generator",
    "evidence": "claim training yourself measure net weights weights-series n touch images depth layer twin place "
    "unit-dense unit-cnn unit-rnn unit-photo digit ink photo",
    "xor": "points activation hidden units1 units2 units3 units4 rate decay net-seed noise how-many length own "
    "adds epoch unit",
    "symmetry": "move kind models by-right by-down by-turn by-size layer-dense layer-cnn layer-rnn digit ink "
    "learn-net learn-pixels learn-images learn-images-unshared learn-seed",
    "nets": "unit of digit",
}
VALUES = [
    "", " ", "0", "-1", "7", "1.5", "1e309", "-1e309", "1e-400", "NaN", "-inf", "Infinity", "9" * 40, "0x10", "1_000",
    "None", "null", "true", "[]", "٣", "²", "𝟗", "é", "🦑", "\u202etxt", "\x00", "%00", "a" * 5000, "a,b,,c", "/", "//",
    "../../etc/passwd", "..\\..\\x", "file:///etc/passwd", "http://example.org/x.png", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "![x](http://example.org/x.png)", "[x](javascript:alert(1))", "${7*7}", "{{7*7}}",
    "'; DROP TABLE units; --", "cnn", "cnn/relu3/7", "cnn/relu3/-7", "cnn/relu3/1e309", "cnn/relu3/9999", "cnn/relu3/٣",
    "cnn//7", "cnn/nowhere/0", "dense/relu1/5", "rnn/lstm2/63", "photo/block8/3", "photo/block8/99999", "lenet/conv1/0",
    "cnn/conv3/1, photo/block3/1", "digits", "photos", "own", "cat", "untrained", "square", "a unit",
    "14-9", "28-28", "99-1", "block8", "its stimulus", "its strongest image", "turn a unit",
    "cut units out", "relu3/16>relu2/6", "turn", "down", "size", "pool1", "plain",
    "most active on my drawing", "most different", "spirals", "a text", "three nets",
    "each pixel", "length", "smallest", "any other", "0.2", "tabby",
    "a photo", "a digit", "Fooling", "DeepDream", "Inversion", "Caricature", "Texture", "Style",
    "aauuUAAU", "aAzz", "1000", "eNpjYBgwoNxyaRE3", "AAAA",
    "hidden1/0", "output/0", "hidden9/99",
    "grass", "tissue", "the picture above", "noise", "stem_relu", "relu3",
]  # fmt: skip


def link(number: int) -> tuple[str, dict[str, list[str]]]:
    """The page and the parameters of a link, of as many as one likes; some parameters stand there twice."""
    dice = random.Random(number)
    page = dice.choice(list(PARAMETERS))
    names = PARAMETERS[page].split()
    chosen = dice.sample(names, min(len(names), dice.choice([1, 1, 2, 3, 5, 8])))
    return page, {name: dice.choices(VALUES, k=dice.choice([1, 1, 1, 2])) for name in chosen}
