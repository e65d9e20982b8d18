"""What stands in the log layout where a public set is silent. docs/data.md repeats it: a change belongs there, too."""

UNKNOWN_CATEGORY = "unknown"
UNKNOWN_PRICE = 0.0
UNKNOWN_STOCK = 1
"""Not 0: that would mean sold out."""
FIRST_VERSION = 1
UNKNOWN_LISTED_MS = 946_684_800_000
"""2000-01-01, the earliest time that `multigrain stream` takes; every item is older than any search."""
