"""Which part of the image did it: the question, the maps, erasing, and how far they can be trusted."""
