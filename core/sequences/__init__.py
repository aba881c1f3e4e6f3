"""What text a cell of the net that reads text is waiting for: gradient ascent, and the searches that it has to beat."""
