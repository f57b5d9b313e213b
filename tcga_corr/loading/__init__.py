"""From files on disk into the store."""
