"""A net's layers as pictures: of a digit, of a photo, of the weights, and the wall."""
