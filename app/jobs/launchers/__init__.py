"""Engines that can run a worker; every one speaks through the run folder."""
