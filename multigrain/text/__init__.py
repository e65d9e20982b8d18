"""Text -> grains -> ids. One analyzer for trainer, streaming and server, named and versioned in every bundle."""
