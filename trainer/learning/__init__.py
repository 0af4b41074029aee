"""Learning: prepared rows enter; the best network, its checkpoint and an honest report leave."""
