"""Jobs: the queue, the supervisor that runs them, the feed of what they say, and the engines they run on."""
