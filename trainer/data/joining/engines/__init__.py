"""Where the expressions run. The shape is engine.py; the list of members is ENGINES there."""
