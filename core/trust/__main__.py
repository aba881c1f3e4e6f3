"""`python -m core.trust` computes what the app shows; where rows are there, only those that lack."""

from core.trust.table import main

main()
