"""What single cells of the net that reads text keep track of."""
