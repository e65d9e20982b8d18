"""What users did lately: stored, split into windows, turned into the numbers that the query tower reads."""
