"""Preparing: a table enters; rows divided into parts and written as numbers leave, all fitted on the training rows alone."""
