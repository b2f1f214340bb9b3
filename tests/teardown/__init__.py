"""A teardown finishes, or says beforehand why it can't."""
