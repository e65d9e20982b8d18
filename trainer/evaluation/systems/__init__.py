"""What can be asked the searches of a trial: a bundle, a generation, a running server."""
