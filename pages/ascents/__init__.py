"""Gradient ascent on a page: which units, by which recipe, and the pictures as they form."""
