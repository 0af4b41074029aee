"""Pieces of pages: they receive words, plain values and callbacks, draw them, and never fetch."""
