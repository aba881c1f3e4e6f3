"""What the units of a net for photos look for, from edges to scenes, and what its layers make of a photo."""

import streamlit as st

from pages.frame import navigation

navigation.enter(
    "photo",
    "Edges, textures, parts, objects",
    "What the units of a net that was trained on a million photographs look for, from its first layer down to its "
    "classes, found by gradient ascent; and what each layer makes of a photo of yours.",
)

with navigation.loading():
    from core import charts, images
    from pages.frame import link
    from pages.inputs import nets
    from pages.inputs.choose_nets import choose_net, choose_weights
    from pages.inputs.missing_weights import weights_at_hand
    from pages.inputs.photographs import as_input, choose_photo
    from pages.layers.photo_layers import PhotoView, answer, choose_layer, maps, record_photo, strip
    from pages.layers.wall import depth_in_numbers, wall
    from pages.units.chosen import chosen_unit
    from pages.units.full_size import full_size_button
    from pages.units.heads import closable_head
    from pages.units.photo_panel import photo_panel

SIDE = 288  # pixels of the column at the side
STORY = """
**How to read the wall.** Each picture began as even grey, and was changed until one channel of one layer answered
strongly. The stem, which sees three pixels, knows colours and edges; the next blocks spots and gratings; in the middle
there are tiles, bubbles and scales; further down eyes, fur and beaks; and at the end things that have names.

Twelve channels a row, evenly spread over all that the layer has: nothing was picked. The classes were chosen for being
known to everybody, before their pictures were seen. **Untrained** is the control: the same net before training, its
norms set by photos.

**Click a picture** to open its unit and see it at full size, or choose a photo above.
"""
COMPUTED = """
**The net.** `photo` is EfficientNet-Lite0 (Tan and Le 2019) with its weights for ImageNet's 1,000 classes; its batch
norms are folded into its convolutions. A block's layers can be read one by one: `block8.expand`, `block8.depthwise`,
and `block8`, what it passes on. The other nets are torchvision's, with its own weights, where these are at hand.

**The photo.** Its middle square, at the size that the net was trained with. It is computed here and kept nowhere.

**What a unit looks for.** Gradient ascent on the channel's mean over its map: 128 steps of Adam on the waves of which
the picture is made, the fine ones weaker as 1 / frequency, colours decorrelated (Olah, Mordvintsev, Schubert 2017);
before each step the picture is shifted, turned by up to 10 degrees and resized by up to 10 %. Layers that see little
get pictures of 28 or 56 pixels, others of 112; classes 256 steps, and larger forms. The stem's pre-activations are
linear, and climbed pixel by pixel. `python -m core.atlas build photo` makes them all, from seed 0; the panels show
them.

**What hangs on the wall** is to be looked at, so each row has its own recipe, chosen by eye and not by any number. The
stem and block1 show what one unit sees, in windows of 7 and 12 pixels; block2 to block5 the channel's mean over windows
of 24 to 80, enlarged, so that a grating can be seen as one. Deeper pictures have up to 224 pixels and up to 256 steps,
smaller ones: large waves are easier (fine ones weaker as 1 / frequency^1.3 to 1.5), shifts go up to 24 pixels, turns to
15 degrees, resizing to 25 %. Block16 is read at its map's centre. The untrained twin's are made by the same.

**In numbers**, for which every layer is climbed by one recipe at 112 pixels, so that layers can be compared. *Spatial
frequency*: the mean over the power spectrum of a picture's brightness. *Colourfulness*: Hasler
and Süsstrunk 2003; 0 is grey, 59 quite colourful. *Receptive field*: what a unit can see at all (Araujo, Norris, Sim
2019); larger than the photo means that it can see all of it. Dashed are five untrained twins; `python -m core.by_depth`
measures them.

**What excites it.** Of the trained wall's units, crops of 23 credited photographs: squares of 224 pixels side by side,
at three scales, at most three of one photograph (`python -m core.photo_examples`). Of others the photos that come with
the app, and of all the folder that LAYERSCOPE_PHOTOS names. Each is shown as far as the unit sees.
"""


theme = st.context.theme.type or "light"
picture = choose_photo()
told = picture is None and not link.get(charts.UNIT)
with st.container(horizontal=True, gap="medium"):
    side = st.container(width=SIDE, key="story" if told else "side")
    main = st.container(width="stretch", key="main")
if told:
    side.markdown(STORY)
with main:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        model = choose_net()
        wanted = choose_weights()
        layer = choose_layer(model) if picture else None
    weights = weights_at_hand([model], wanted)
    unit = chosen_unit()
    unit = unit if unit and unit.model == model else None
    image = None if picture is None else as_input(picture, model)
    view = PhotoView(model, weights, image, theme)
    activations = {}
    if picture is None and model == "photo":
        wall(weights, unit, theme)
        depth_in_numbers(theme)
    elif picture is None:
        st.caption("The wall is the net photo's; choose a photo to see what this net makes of it.")
    elif layer:
        activations = record_photo(view, layer)
        with st.container(horizontal=True, gap="medium"):
            with st.container(width=160):
                strip(view, activations, layer)
            with st.container(width="stretch"):
                maps(view, activations[layer.name][0], layer, unit)
with side:
    if image is not None:
        st.image(images.picture(image), width=SIDE - 8, alt="The photo")
        answer(view, activations[nets.layers(model)[-1].name][0], SIDE - 8)
    if unit:
        with st.container(key="unit"):
            closable_head(unit)
            full_size_button(unit, weights)
            there = activations.get(unit.layer)
            photo_panel(unit, view, None if there is None else there[0])

with st.expander("How this is computed"):
    st.markdown(COMPUTED)
