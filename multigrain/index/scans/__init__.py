"""Vectors in this process's memory, every one of them compared with a query: in 32 bits a component, or in 8."""
