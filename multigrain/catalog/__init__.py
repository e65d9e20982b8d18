"""The items on sale: rows in SQL, and the columns that the server judges candidates on."""
