"""`python -m core.sequences` compares gradient ascent with search for the text that a cell is waiting for."""

from core.sequences.compare import main

main()
