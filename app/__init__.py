"""The platform: accounts, data sets, jobs and their supervision, and the REST interface."""
