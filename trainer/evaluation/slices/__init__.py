"""Ways to cut the searches of a trial apart, one a file. A metric is shown for each part, with its count."""
