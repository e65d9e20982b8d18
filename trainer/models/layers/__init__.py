"""The pieces of the towers: one idea, one file."""
