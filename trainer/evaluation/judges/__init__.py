"""Who says which items are good for a query, one a file."""
