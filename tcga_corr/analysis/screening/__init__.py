"""Screens: one variable with many, or many with each other."""
