"""`python -m core.cells` searches the net that reads text for cells that track something."""

from core.cells.commands import main

main()
