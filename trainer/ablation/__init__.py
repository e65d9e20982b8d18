"""What each part of a model is worth: the same training with and without it, over several seeds."""
