"""`python -m core.evidence report` measures all nets, `order` their snapshots, and `verdicts` tests every claim."""

from core.evidence.commands import main

main()
