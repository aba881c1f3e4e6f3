"""`python -m core.relevance` measures all nets for digits, writes what ships, and prints the README's part."""

import sys

from core.relevance.orders import headline, main, markdown

main()
sys.stdout.write(f"{headline()}\n\n{markdown()}\n")
