"""`python -m core.studio` makes what the app shows first of the studio, and measures its tables."""

from core.studio.commands import main

main()
