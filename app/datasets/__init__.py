"""Data sets: an upload enters, a table that can be looked at and trained on leaves."""
