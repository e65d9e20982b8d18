"""Public data sets -> the log layout. What each set lacks is said in its file and in docs/data.md."""
