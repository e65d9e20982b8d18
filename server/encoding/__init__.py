"""Query and user -> vector, for many requests at once: what is known of a user is kept, what waits goes together."""
