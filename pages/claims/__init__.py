"""What the Evidence page is built of: the list of claims, a claim in full, and a measurement of one's own."""
