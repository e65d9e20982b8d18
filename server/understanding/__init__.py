"""Query -> intent: what the words demand."""
