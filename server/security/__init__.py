"""Who may ask what, how often, and over which wire. Knows nothing of retrieval."""
