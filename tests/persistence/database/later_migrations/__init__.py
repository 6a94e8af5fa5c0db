"""The migrations of a later version of Graphlore: all present ones, and one more."""
