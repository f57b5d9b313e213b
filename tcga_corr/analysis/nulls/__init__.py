"""Nulls: what random genes and other real pathways give in the place of a variable."""
