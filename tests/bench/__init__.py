"""Times and AWS calls of whole commands, ours and a peer's, behind a proxy that adds latency."""
