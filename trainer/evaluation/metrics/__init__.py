"""One formula a file. Each gives a value for every query, so that slices and intervals are made of the same numbers."""
