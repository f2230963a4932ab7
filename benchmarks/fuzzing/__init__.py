"""The parts of `benchmarks/fuzz.py`: sources of every format, their mutations, readers, and the worker."""
