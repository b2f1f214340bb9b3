"""What people write: the manifest and its JSON Schema."""

from provisioner.manifest.loader import load

__all__ = ["load"]
