"""Numbers for layers and for pictures, one file a measure."""
