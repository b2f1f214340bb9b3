"""Commands on a stack, each under its lease: what they read, decide and write down, in order."""
