"""The catalogue in a server's memory: one writer, and any number of requests that each see it as of one moment."""
