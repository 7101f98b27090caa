"""Amazon Web Services: the clients that the stores and tools share."""
