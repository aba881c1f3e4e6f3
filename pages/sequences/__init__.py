"""What text a cell of the net that reads text is waiting for: found live, or as it ships."""
