"""What people write: the manifest and its JSON Schema."""
