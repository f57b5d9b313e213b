"""Samples: which are asked about, and the number that each has for a variable."""
