"""What the net that reads text keeps: what moves its state, a cell's gates over a text, and numbers over many texts."""
