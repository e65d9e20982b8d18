"""What users did, kept for training: staged in SQL with each batch, rolled into the part files of a log folder."""
