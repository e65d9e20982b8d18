"""Item-to-item neighbours from the logs: choices.py reads them, pairs.py counts, build.py keeps the best."""
