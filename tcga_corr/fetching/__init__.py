"""All that talks to the internet: downloads, and the ways of fetching a source."""
