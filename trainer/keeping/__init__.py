"""What a keeper does for its worker, each in a file: wake up, measure, limit, stop, end what is left, record the end."""
