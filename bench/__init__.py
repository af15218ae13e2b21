"""Benchmarks, with public tools only: `python -m bench.NAME`."""
