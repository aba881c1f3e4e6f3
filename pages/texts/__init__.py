"""What the net that reads text keeps track of, along a passage or a text of one's own."""
