"""`python -m core.circuits` measures how much graphs account for, and how well they predict interventions."""

from core.circuits.commands import main

main()
