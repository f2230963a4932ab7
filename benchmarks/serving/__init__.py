"""Runs a server for benchmarks, and speaks with it."""
