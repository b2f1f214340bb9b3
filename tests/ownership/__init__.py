"""Objects made by hand under the names of a stack: never changed, never deleted."""
