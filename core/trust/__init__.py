"""How far a map can be trusted: what it adds up to, what happens when pixels go, whether weights matter to it."""
