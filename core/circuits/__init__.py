"""How a unit is built of the units that it reads: what each contributes, their graph, and what cutting them does."""
