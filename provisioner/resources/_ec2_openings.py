"""Which rules of a security group, or entries of an ACL, are open to any address."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from provisioner.lifecycle import Json, Settings

ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
DIRECTIONS = {"ingress": "from", "egress": "to"}


def openings(
    settings: Settings,
    addresses: Sequence[str],
    protocol_of: Callable[[Mapping[str, Json]], str],
) -> Iterator[str]:
    """Each such rule in words: `ingress tcp 22 from 0.0.0.0/0`.

    Args:
        settings: canonical.
        addresses: the members of a rule that hold a network.
        protocol_of: the protocol of a rule by name; `-1` or `all` is every one.
    """
    for direction, word in DIRECTIONS.items():
        rules = settings.get(direction)
        for rule in rules if isinstance(rules, list) else ():
            if isinstance(rule, dict):
                for network in (rule.get(name) for name in addresses):
                    if network in ANYWHERE:
                        yield f"{direction} {_traffic(rule, protocol_of(rule))} {word} {network}"


def _traffic(rule: Mapping[str, Json], protocol: str) -> str:
    """`tcp 22`, `udp 1024-65535`, `icmp`, `all`."""
    first, last = rule.get("from_port"), rule.get("to_port")
    if protocol in {"-1", "all"}:
        return "all"
    if first is None:
        return protocol
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"
