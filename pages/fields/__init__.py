"""How far units see: which pixels they can see at all, and which move them in the image on the page."""
