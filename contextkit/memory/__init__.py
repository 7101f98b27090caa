"""Long-term memory: what strategies do to the events of a session, run by us over any store."""
