"""Which generations exist, and which one is live."""
