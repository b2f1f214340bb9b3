"""What a manifest says once it is read: variables put in, overlays merged, places kept.

`load` makes a `Source` from files; `Stack.of` gives it meaning. Everything here is plain data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from pydantic import JsonValue

from provisioner.errors import Place
from provisioner.manifest.references import Path


@dataclass(frozen=True, slots=True)
class Declared:
    """One resource as it is written.

    Attributes:
        name: its address in the stack.
        kind: as written; it may not exist.
        settings: the fields of the kind, with `${name.attribute}`, `${account}`, `${region}`,
            `${partition}` and `$${` as they stand; variables and environment are put in.
        depends_on: addresses named by hand.
        protect: whether a delete or replace must be refused.
        moved_from: addresses that it may have had before.
        adopts: the id of the object that it is, where no name tells.
        secrets: the fields in which values of secret variables stand.
        place: of the name.
        places: of every key and list item, by its path from the declaration: `("kind",)`,
            `("tags", "Name")`, `("routes", 0)`.
    """

    name: str
    kind: str
    settings: Mapping[str, JsonValue] = field(repr=False)
    depends_on: tuple[str, ...] = ()
    protect: bool = False
    moved_from: tuple[str, ...] = ()
    adopts: str = ""
    secrets: frozenset[str] = frozenset()
    place: Place | None = None
    places: Mapping[Path, Place] = field(default_factory=dict)

    def place_of(self, path: Path) -> Place | None:
        """Where a value stands, or the nearest thing around it that has a place."""
        while path:
            if path in self.places:
                return self.places[path]
            path = path[:-1]
        return self.place


@dataclass(frozen=True, slots=True)
class Source:
    """A manifest: one file or folder with its overlay and variables applied.

    Attributes:
        name: of the stack.
        folder: relative paths in settings (code folders) start here.
        tags: put on every taggable resource.
        resources: in the order of the files and their lines.
        outputs: name → value, a text with references as a rule.
        output_places: where each output stands.
        digest: SHA-256 over the files and values that went in, secret variables' left out, for
            the history.
        given: variables with a value from outside the manifest, as texts; without secret ones.
        place: where its name stands.
        expires_at: when it may be torn down: an ISO time in UTC; empty: never.
    """

    name: str
    folder: FilePath
    tags: Mapping[str, str] = field(default_factory=dict)
    resources: tuple[Declared, ...] = ()
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    output_places: Mapping[str, Place] = field(default_factory=dict)
    digest: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None
    expires_at: str = ""
