"""The questions: one file each, and what they share."""
