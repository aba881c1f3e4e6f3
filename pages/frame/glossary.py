"""The field's terms, each in a plain sentence or two; the tooltips come from here."""

GLOSSARY = {
    "unit": "One channel of a convolutional layer, one neuron of a dense one, or one cell of a recurrent one.",
    "activation": "What a layer passes on, behind its nonlinearity.",
    "pre-activation": "The weighted sum that a unit makes of its inputs, before its nonlinearity.",
    "hidden state": "What a recurrent layer passes on after each row that it has read: its memory, as it shows it.",
    "gate": "A number between 0 and 1 by which an LSTM cell lets something through: the input gate what is new, the "
    "forget gate what was kept, the output gate what is shown.",
    "feature map": "A convolutional unit's activations at all places of the image.",
    "receptive field": "The pixels that can change a unit's activation at all.",
    "preferred stimulus": "The image that excites a unit most, as gradient ascent finds it.",
    "gradient ascent": "Small changes of the image, again and again, in the direction in which a unit's pre-activation "
    "grows most; the net itself stays as it is.",
    "regulariser": "What keeps gradient ascent away from noise: a budget of ink, blur, jitter.",
    "prior": "What a picture may be at all, learnt from training images.",
    "diversity term": "Added when several pictures of one unit are climbed together: they have to differ.",
    "untrained twin": "The same net with the random weights that training begins with. What it shows, too, training "
    "did not bring about.",
    "shuffled": "The trained weights in a random order within each matrix: as large, but without their pattern.",
    "relevance": "How much a unit adds to the answer for one image: its activation times the winning logit's "
    "gradient, summed over its map or over time.",
    "attribution": "A map over one image: how much each pixel spoke for what is explained, or against it.",
    "baseline": "The image that stands for nothing, from which an attribution counts.",
    "deletion and insertion": "Pixels are taken out, or put in, the most important first by a map, and the answer's "
    "probability is watched. A good map makes it fall, or rise, faster than ink in any other order.",
    "infidelity": "How much of what happens when pixels are taken out a map does not predict: 0 is nothing.",
    "saliency-map agreement": "The rank correlation of two methods' maps of the same image, over its ink.",
    "at random": "In a random order, or with random values: a control that knows nothing of the net.",
    "confidence interval": "Where the mean would lie in 95 of 100 repetitions.",
    "silhouette": "How far apart classes lie: 1 is far, 0 touching, less is mixed.",
    "cosine distance": "1 minus the cosine of the angle between two vectors.",
    "t-SNE": "A flat map that keeps neighbours together; distances between clusters and their sizes say nothing.",
    "effective receptive field": "The pixels by which a unit is really moved, weighed by how large its gradient is at "
    "each, on the mean over images.",
    "nonlinearity": "How much of a unit's answer no linear function of the pixels gives: 1 - R² of the best one, on "
    "images that are held out.",
    "linear probe": "A linear classifier that reads the class off a layer; the share that it gets right says how "
    "openly the class lies there.",
    "CKA": "How alike two layers arrange the same images: 1 is the same but for turns and scale, 0 nothing in common.",
    "participation ratio": "Along how many directions a layer's answers vary: from 1 to the number of its units.",
    "class selectivity": "How much a single unit says of the class.",
    "forced choice": "Shown a unit's picture, one has to say which of two real images excites the unit more: by chance "
    "half of them.",
    "bootstrap": "How far a number would vary with other nets or units: it is computed anew, thousands of times, from "
    "nets and units that are drawn from the measured ones.",
    "Holm correction": "Of many tests a few succeed by luck. So the smallest p-value counts as often as there are "
    "tests, the next once less, and so on.",
    "rank correlation": "Whether two numbers rise together, whatever their scale: 1 always, 0 as by luck, -1 never.",
    "depth series": "Nets of one family with as many parameters, which differ in how many layers they have.",
    "plain training": "The same net, trained without augmentation, penalties or adversaries.",
    "epoch": "Once through all training images.",
    "learning rate": "How large a step training, or an ascent, takes.",
    "epsilon": "How far a changed picture may be from the first: by each pixel (L-inf), black to white being 1, or by "
    "the length of the whole change (L2).",
    "seed": "The number that random draws begin with: the same seed, the same picture.",
}


def explained(*terms: str) -> str:
    """A tooltip: these terms and what they mean."""
    titles = {term: term if term == "t-SNE" else term[:1].upper() + term[1:] for term in terms}
    return "\n\n".join(f"**{title}**: {GLOSSARY[term]}" for term, title in titles.items())
