"""The kinds: one module each, `<service>_<noun>.py`, none of which knows another."""
