"""How many models are how many, the same for all engines, because it shows in what they answer."""

FEW = 40
"""So many models or fewer are handed over whole, to be ordered by their names."""
CHECKED = 300
"""The same where the index cannot count exactly: all of them are checked against their names."""
COUNTED = 40_000
"""Of more models than this the facets are estimated: counting those of 100,000 took 50 ms."""
TYPOS_BELOW = 20
"""A slip of the finger is looked for only when fewer models than this, a page of them, match as typed."""
