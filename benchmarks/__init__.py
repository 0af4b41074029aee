"""Measurements, side by side in one run; each is `python -m benchmarks.<name>` and prints what it found."""
