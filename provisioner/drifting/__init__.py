"""What AWS has against what was last applied."""
