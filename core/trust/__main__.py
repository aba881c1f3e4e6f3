"""`python -m core.trust` computes what the app shows; where rows are there, only those that lack."""

import sys

from core.trust.advice import markdown
from core.trust.table import main

main()
sys.stdout.write(markdown("cnn") + "\n")
