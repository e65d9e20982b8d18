"""What the bare machine, or a bare part, reaches: the limit that a figure is held against, measured in the same run."""
