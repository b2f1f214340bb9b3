"""What references stand for: attributes that are known, before or after their object exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from provisioner.aws.target import Target
from provisioner.manifest.references import Reference
from provisioner.stack import Resource, Stack

NOWHERE = Target(account="000000000000", region="us-east-1", partition="aws")
"""Stands in for a target as long as AWS was not asked: names have their shape, not their value."""


@dataclass
class Values:
    """Attributes by address, and where the stack lives.

    Attributes:
        target: gives `${account}`, `${region}`, `${partition}`.
        attributes: what is known of each resource.
    """

    target: Target
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)

    def resolve(self, reference: Reference) -> JsonValue | None:
        """The value behind a reference; None while it is not known."""
        if not reference.attribute:
            return {
                "account": self.target.account,
                "region": self.target.region,
                "partition": self.target.partition,
            }.get(reference.name)
        return self.attributes.get(reference.name, {}).get(reference.attribute)

    def learn(self, address: str, attributes: Mapping[str, str]) -> bool:
        """Add what is known of a resource; True if that was news."""
        known = self.attributes.setdefault(address, {})
        news = {
            name: value
            for name, value in attributes.items()
            if "${" not in value and known.get(name) != value
        }
        known.update(news)
        return bool(news)

    def forget(self, address: str) -> None:
        """Nothing is known of a resource that will be made anew, but what its name says."""
        self.attributes.pop(address, None)

    def predict(self, resource: Resource) -> dict[str, str]:
        """The attributes that follow from the spec as far as it is known."""
        spec = resource.resolved(self.resolve).spec
        predicted = resource.kind.predict(spec, self.target)
        return {name: value for name, value in predicted.items() if "${" not in value}

    def identity(self, resource: Resource) -> str | None:
        """The id that follows from the spec; None if AWS makes it or it is not known yet."""
        identity = resource.kind.identity(resource.resolved(self.resolve).spec, self.target)
        return None if identity is None or "${" in identity else identity


def predicted(stack: Stack, target: Target = NOWHERE) -> Values:
    """Everything that follows from names alone, through any chain of references."""
    values = Values(target)
    open_ = list(stack)
    while open_:
        learned = [
            resource
            for resource in open_
            if values.learn(resource.address, values.predict(resource))
        ]
        if not learned:
            return values
        open_ = [resource for resource in open_ if resource.uses]
    return values
