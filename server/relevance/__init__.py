"""Relevance control: pure rules over columns. policy.py lists them in their order; a file a rule."""
