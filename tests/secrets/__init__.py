"""Planted secrets, searched for in everything that is said, shown and stored."""
