"""Keeping a store in order: what it holds, whether it is intact, and what to remove."""
