"""`multigrain index tune`: which queries are asked, what they find and how long it takes, and the curve of it."""
