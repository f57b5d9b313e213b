"""From the internet to the disk, and on into the store."""
