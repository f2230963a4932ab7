"""What `benchmarks/fuzz.py` is made of: sources of every format, their mutations, readers, and the worker."""
