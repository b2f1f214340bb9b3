"""What the user wants, from a manifest or from Python, and what its references stand for."""

from provisioner.stack.resource import Resolved, Resource, Use
from provisioner.stack.stack import Handle, Setting, Stack

__all__ = ["Handle", "Resolved", "Resource", "Setting", "Stack", "Use"]
