"""`multigrain demo`: the whole system in one process, embedded parts only. READ FIRST: story.py."""
