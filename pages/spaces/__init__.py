"""Images as points of a layer's space: nearest neighbours, and flat maps with a lasso."""
