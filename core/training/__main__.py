"""`python -m core.training NAME` makes a shipped checkpoint again."""

from core.training.commands import main

main()
