"""Gene sets: those of GMT files, and those that ship with the package."""
