"""What carries our tags or names and is in no record."""
