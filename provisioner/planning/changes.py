"""A plan is data: what will be done to each resource and why. Nothing here talks to AWS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from provisioner.aws.target import Target
from provisioner.discovery.refresher import Found, Situation
from provisioner.inventory import Record
from provisioner.inventory.reading import Uses
from provisioner.lifecycle import Difference, Extra, Obstacle, Settings
from provisioner.lifecycle.ensure import Action
from provisioner.planning.allowances import Allowances
from provisioner.stack import Resource, Stack
from provisioner.stack.selection import ALL, Selection
from provisioner.stack.values import Values


@dataclass(frozen=True, slots=True)
class Old:
    """An object that has to go.

    Attributes:
        kind, id: of the object.
        settings: as last applied, for the fields that say how to delete it.
        holds_data: its kind holds data that the delete loses.
        survives: what stays of it after the delete and until when; empty if nothing.
        lifts: the protection that has to be taken away first; empty if there is none.
        theirs: that protection is not what we set.
        empty: what it holds may be deleted with it.
    """

    kind: str
    id: str
    settings: Settings = field(default_factory=dict)
    holds_data: bool = False
    survives: str = ""
    lifts: str = ""
    theirs: bool = False
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one address.

    Attributes:
        address, kind: of the resource.
        action: what is done to it.
        reason: why, in a sentence; empty where the differences say it.
        id: of the object as it stands now; None if there is none.
        differences: what changes, secrets masked by whoever shows it.
        olds: objects to delete: the replaced, the removed, and what an earlier run left over.
        delete_first: the olds must be gone before the new can be made.
        owned: we made it, so a teardown deletes it.
        settle: AWS has what is wanted, but the inventory does not say so yet.
        moved_from: the address it had until now, which its object's tags may still name; empty if
            it is the same.
        extras: what others added to the object, and is to be taken away.
    """

    address: str
    kind: str
    action: Action
    reason: str = ""
    id: str | None = None
    differences: tuple[Difference, ...] = ()
    olds: tuple[Old, ...] = ()
    delete_first: bool = False
    owned: bool = True
    settle: bool = False
    moved_from: str = ""
    extras: tuple[Extra, ...] = ()

    @property
    def makes(self) -> bool:
        """Whether an object is created."""
        return self.action in {Action.CREATE, Action.REPLACE}

    @property
    def stays(self) -> bool:
        """Whether the address has an object afterwards."""
        return self.action not in {Action.DELETE, Action.FORGET}

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do, not even to write down."""
        return self.action is Action.NOOP and not self.settle and not self.olds


@dataclass(frozen=True, slots=True)
class Lasting:
    """What a plan leaves as it is although it was asked for, and why.

    Attributes:
        address: of the resource.
        what: the field or object.
        why: a sentence.
    """

    address: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Left:
    """An object that a run set out to delete, and did not.

    Attributes:
        address, kind, id: of the object.
        why: a sentence without its dot.
        cause: the step that failed; empty if the run was stopped.
    """

    address: str
    kind: str
    id: str
    why: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of a stack a plan is for.

    Attributes:
        target, exclude: the addresses that were named.
        needed: what changes beside the targets, since they can't be done without it.
        left: what would change, too, and was left out.
    """

    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything one run will do.

    Attributes:
        stack: its name.
        target: the account and region it is for.
        changes: one per address; in the manifest's order, then what is removed.
        wanted: the stack; None for a teardown.
        situation: what the plan was made from.
        values: attributes that will hold whatever happens; unknown ones are missing.
        lasting: what can't be brought back, for a plan that undoes a run.
        obstacles: by address, what will block a delete or outlive it.
        was: by address, what is to be kept of the state before the run, where that is not what is
            recorded: a repair takes away what others did.
        allowed, selected: what a person allowed, and chose.
        fence: of the stack's last run before it; None if nobody asked.
        scope: the part of the stack that was chosen; None if it is for all of it.
        expires_at: when the stack expires afterwards, an ISO time; empty: never.
        uses: the outputs of other stacks that it is made with; None: as before.
    """

    stack: str
    target: Target
    changes: tuple[Change, ...]
    wanted: Stack | None
    situation: Situation
    values: Values
    lasting: tuple[Lasting, ...] = ()
    obstacles: Mapping[str, tuple[Obstacle, ...]] = field(default_factory=dict)
    was: Mapping[str, Record] = field(default_factory=dict)
    allowed: Allowances = field(default_factory=Allowances)
    selected: Selection = ALL
    fence: int | None = None
    scope: Scope | None = None
    expires_at: str = ""
    uses: Uses | None = None

    @property
    def counts(self) -> Mapping[Action, int]:
        """How many resources get which action."""
        return Counter(change.action for change in self.changes)

    @property
    def empty(self) -> bool:
        """Whether AWS has exactly what is wanted."""
        return all(change.action is Action.NOOP for change in self.changes)

    def change(self, address: str) -> Change | None:
        """The change of an address."""
        return self._by_address.get(address)

    @cached_property
    def _by_address(self) -> dict[str, Change]:
        return {change.address: change for change in self.changes}

    @property
    def blocked(self) -> bool:
        """Whether an obstacle keeps it from being carried out."""
        return any(one.blocks for told in self.obstacles.values() for one in told)

    @cached_property
    def ours(self) -> frozenset[str]:
        """The ids of what is in nobody's way: it is deleted, or moved away before others are."""
        going = frozenset(old.id for change in self.changes for old in change.olds)
        if self.wanted is None:
            return going
        return going | {found.id for found in self.situation.found.values()}

    @cached_property
    def staying(self) -> frozenset[tuple[str, str]]:
        """Kinds and ids of what is forgotten without being deleted: it was there before us."""
        return frozenset(
            (change.kind, change.id)
            for change in self.changes
            if change.action is Action.FORGET and change.id and not change.owned
        )

    def record(self, address: str) -> Record | None:
        """What the inventory says of an address."""
        return self.situation.records.get(address)

    def found(self, address: str) -> Found | None:
        """The object that AWS showed for an address."""
        return self.situation.found.get(address)

    def resource(self, address: str) -> Resource | None:
        """What is wanted at an address."""
        return self.wanted.resources.get(address) if self.wanted else None
