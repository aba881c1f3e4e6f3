"""`python -m core.memory` measures how far recurrent nets remember, beside their controls."""

from core.memory.commands import main

main()
