"""Which generation answers: loaded beside the one before, gently, swapped in one step, and tried while it serves."""
