"""What a unit is built of: its graph, the arithmetic, and what happens when units are cut out or turned up."""
