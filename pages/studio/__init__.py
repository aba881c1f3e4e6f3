"""The studio: what is made, by which net, and how it is shown, watched and taken along."""
