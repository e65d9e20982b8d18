"""Why one item is, or is not, in an answer, and what would let it in: advice that was tried before it is given."""
