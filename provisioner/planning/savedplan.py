"""A plan in a file: what was planned, from what, and what was seen of each object.

    saved = SavedPlan.of(plan(session, stack, options, to_save=True))
    saved.write("plan.json")
    apply(session, stack, options, pinned=SavedPlan.read("plan.json"))

No secret value stands in it: of those, and of all that was seen, it keeps salted hashes, which can
only be compared.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from provisioner.errors import PlanError
from provisioner.lifecycle import Difference, Settings, Spec, rules_of, settings_of
from provisioner.lifecycle.secrets import masked
from provisioner.planning.allowances import Allowances
from provisioner.planning.changes import Change, Plan
from provisioner.registry import kind_of
from provisioner.stack.selection import Selection
from provisioner.version import __version__

FORMAT = "provisioner-plan"
VERSION = 1
LONGEST_HASH = 16


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(_Part):
    """The manifest a plan was made of.

    Attributes:
        path: from the folder in which the command ran.
        overlay: laid over it.
        variables: given from outside; without secret ones, which have to be given again.
    """

    path: str
    overlay: str | None = None
    variables: Mapping[str, str] = {}


class SavedDifference(_Part):
    """One field; a secret one tells only that it changes, and the hash of what it changes to."""

    field: str
    before: JsonValue
    after: JsonValue
    replace: bool = False
    secret: bool = False
    unknown: bool = False
    mark: str = ""


class SavedChange(_Part):
    """What was planned for one address.

    Attributes:
        address, kind, action, id, moved_from: as in the plan.
        deletes: kinds and ids of the objects that go.
        differences: what changes.
        wanted: field → hash of what is wanted.
        seen: field → hash of what AWS showed; empty if there was nothing.
    """

    address: str
    kind: str
    action: str
    id: str | None = None
    moved_from: str = ""
    deletes: tuple[str, ...] = ()
    differences: tuple[SavedDifference, ...] = ()
    wanted: Mapping[str, str] = {}
    seen: Mapping[str, str] = {}


class SavedPlan(_Part):
    """A plan as it is kept in a file.

    Attributes:
        tool: the version that made it.
        stack, account, region: what it is for.
        digest: of the manifest; empty for a stack built in Python.
        fence: of the stack's last run; None: not known, so no run is taken for a later one.
        origin: where the manifest is; None for a stack built in Python.
        adopt, allow_replace, empty, lift: what was allowed.
        target, exclude, replace: what was chosen.
        salt: of the hashes.
        changes: one for each address.
        checksum: over all the rest.
    """

    format: str = FORMAT
    version: int = VERSION
    tool: str = __version__
    stack: str
    account: str
    region: str
    digest: str = ""
    fence: int | None = None
    origin: Origin | None = None
    adopt: bool = False
    allow_replace: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    lift: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    salt: str
    changes: tuple[SavedChange, ...]
    checksum: str = ""

    @classmethod
    def of(cls, plan: Plan, origin: Origin | None = None) -> SavedPlan:
        """Keep the plan of an apply, and where its manifest is."""
        allow, select = plan.allowed, plan.selected
        salt = secrets.token_hex(16)
        saved = cls(
            stack=plan.stack,
            account=plan.target.account,
            region=plan.target.region,
            digest=plan.wanted.digest if plan.wanted else "",
            fence=plan.fence,
            origin=origin,
            adopt=allow.adopt,
            allow_replace=tuple(sorted(allow.replace)),
            empty=tuple(sorted(allow.empty)),
            lift=tuple(sorted(allow.lift)),
            target=tuple(sorted(select.target)),
            exclude=tuple(sorted(select.exclude)),
            replace=tuple(sorted(select.replace)),
            salt=salt,
            changes=changes_of(plan, salt),
        )
        return saved.model_copy(update={"checksum": saved.sum()})

    @property
    def allow(self) -> Allowances:
        """What was allowed."""
        return Allowances(
            self.adopt,
            frozenset(self.allow_replace),
            frozenset(self.empty),
            frozenset(self.lift),
        )

    @property
    def select(self) -> Selection:
        """What was chosen."""
        return Selection(frozenset(self.target), frozenset(self.exclude), frozenset(self.replace))

    def sum(self) -> str:
        """The checksum that fits what it says."""
        body = self.model_dump(mode="json", exclude={"checksum"})
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()

    def write(self, path: Path | str) -> None:
        """Write it to a file that only its owner can read.

        Raises:
            PlanError: the file can't be written.
        """
        file = Path(path)
        try:
            file.touch(mode=0o600)
            file.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise PlanError(f"The plan can't be saved: {file}: {error.strerror}.") from None

    @classmethod
    def read(cls, path: Path | str) -> SavedPlan:
        """Read what `write` wrote.

        Raises:
            PlanError: the file is none, or of a newer version, or was changed by hand.
        """
        text = _text(Path(path))
        if not _is_plan(text):
            raise PlanError(f"{path} is no saved plan.", hint=AGAIN)
        try:
            body = json.loads(text)
        except ValueError:
            raise PlanError(f"{path} is not a whole plan.", hint=AGAIN) from None
        if body.get("version") != VERSION:
            raise PlanError(
                f"{path} is a saved plan of version {body.get('version')}, made by provisioner "
                f"{body.get('tool')}; this one ({__version__}) reads version {VERSION}.",
                hint="Apply it with the version that made it, or plan again with this one.",
            )
        try:
            saved = cls.model_validate(body)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))
            raise PlanError(f"{path} is a damaged plan: {where}.", hint=AGAIN) from None
        if saved.checksum != saved.sum():
            raise PlanError(f"{path} was changed after it was saved.", hint=AGAIN)
        return saved


AGAIN = "Plan again, with --out."


def is_saved(path: Path) -> bool:
    """Whether a file holds a plan, as far as it says so itself."""
    return path.is_file() and _is_plan(_text(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{path} can't be read: {error}.") from None


def _is_plan(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        body = json.loads(text)
    except ValueError:
        return f'"{FORMAT}"' in text
    return isinstance(body, dict) and body.get("format") == FORMAT


def changes_of(plan: Plan, salt: str) -> tuple[SavedChange, ...]:
    """What a plan says of each address, as a saved one does."""
    return tuple(_change(plan, change, salt) for change in plan.changes)


def hashed(kind: str, settings: Settings, salt: str) -> dict[str, str]:
    """Field → salted hash of its canonical value, for the fields that AWS knows of."""
    spec: type[Spec] = kind_of(kind).spec
    return {
        name: hashed_value(rule.canonical(settings.get(name)), salt)
        for name, rule in rules_of(spec).items()
        if name != "tags" and not rule.local
    }


def hashed_value(value: JsonValue, salt: str) -> str:
    """A salted hash of a value."""
    text = f"{salt}\0{json.dumps(value, sort_keys=True)}"
    return hashlib.sha256(text.encode()).hexdigest()[:LONGEST_HASH]


def _change(plan: Plan, change: Change, salt: str) -> SavedChange:
    return SavedChange(
        address=change.address,
        kind=change.kind,
        action=str(change.action) if change.action != "noop" or not change.settle else "record",
        id=change.id,
        moved_from=change.moved_from,
        deletes=tuple(f"{old.kind} {old.id}" for old in change.olds),
        differences=tuple(_difference(one, salt) for one in change.differences),
        wanted=_wanted(plan, change, salt),
        seen=_seen(plan, change, salt),
    )


def _difference(difference: Difference, salt: str) -> SavedDifference:
    shown = masked(difference)
    return SavedDifference(
        field=shown.field,
        before=shown.before,
        after=shown.after,
        replace=shown.replace,
        secret=shown.secret,
        unknown=shown.unknown,
        mark=hashed_value(difference.after, salt) if difference.secret else "",
    )


def _wanted(plan: Plan, change: Change, salt: str) -> dict[str, str]:
    resource = plan.resource(change.address)
    if resource is None:
        return {}
    spec = resource.resolved(plan.values.resolve).spec
    tags: JsonValue = dict(getattr(spec, "tags", {}))
    return hashed(change.kind, settings_of(spec), salt) | {
        "tags": hashed_value(tags, salt),
        "protect": hashed_value(resource.protect, salt),
    }


def _seen(plan: Plan, change: Change, salt: str) -> dict[str, str]:
    """Of the object that stands at the address; what AWS does not show for now is left out."""
    found = plan.found(change.address)
    if found is None:
        return {}
    kind = change.olds[-1].kind if change.olds and change.id else change.kind
    fields = hashed(kind, found.observed.settings, salt)
    fields = {name: mark for name, mark in fields.items() if name not in found.observed.unseen}
    tags: JsonValue = dict(found.observed.tags) if found.observed.tags is not None else None
    return fields | {"id": hashed_value(found.id, salt), "tags": hashed_value(tags, salt)}
