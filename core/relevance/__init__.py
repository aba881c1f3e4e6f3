"""What units fire for, what they are used for, and which of the two orders predicts what it costs to cut them out."""
