"""A unit's panel and what belongs to it, the same on every page."""
