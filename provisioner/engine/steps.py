"""What each step does to AWS and what is written down of it.

The order of writing is what makes a crash harmless: every intent is durable before the first
create, the ownership tags go with the create call itself, and results follow behind.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import SimpleQueue

from provisioner.aws.calls import Call, Delay
from provisioner.aws.clients import Aws
from provisioner.aws.failures import as_ours
from provisioner.aws.retry import BROKEN
from provisioner.discovery.edges import edges_of
from provisioner.discovery.refresher import Found
from provisioner.engine.executor import Done, Heard, Held, Outcome, Pause, Work
from provisioner.engine.intents import Intents
from provisioner.engine.removal import let_go, lifted, removed, removed_extras, returned
from provisioner.engine.schedule import Key, Step, Verb
from provisioner.errors import (
    AwsError,
    CredentialsError,
    ForeignObjectError,
    ProvisionerError,
    RunLostError,
)
from provisioner.inventory import Journal, Record, Status
from provisioner.lifecycle import (
    AnyType,
    Difference,
    Observed,
    Owner,
    Phase,
    Spec,
    Stage,
    Wait,
    differences,
    settings_of,
)
from provisioner.lifecycle.configuring import ROUNDS, configure, unset, unsettled
from provisioner.lifecycle.creating import create_or_settle
from provisioner.lifecycle.redaction import Redaction, public_in, secrets_in
from provisioner.lifecycle.secrets import masked, sealed
from provisioner.lifecycle.tagging import tag_changes, tags_of
from provisioner.lifecycle.waiting import check_patience
from provisioner.manifest.references import substitute, unescape
from provisioner.planning.changes import Change, Plan
from provisioner.registry import kind_of
from provisioner.stack import Resource
from provisioner.stack.graph import stage_of
from provisioner.stack.values import Values

WORTH_TELLING = 1.0
"""Seconds; a call that waits no longer is nobody's concern."""
MAY_BE_IDLE = frozenset({Verb.UNWIRE, Verb.LOOK})
"""Steps that look whether there is anything to do, and are not worth telling if not."""
FIRST_PAUSE = 0.25
"""Seconds; each further pause is twice as long, up to what the kind says."""


@dataclass
class Steps:
    """Performs the steps of one plan.

    Attributes:
        plan: what is to be done.
        aws: clients whose every write asks the journal first.
        journal: where intents and results go.
        values: what references stand for; grows with every created object.
        steps: what is scheduled, to know which targets are still to come.
        unawaited: steps that leave an object which only has to get ready to the next run.
        heard: takes what a step has to tell while it works.
    """

    plan: Plan
    aws: Aws
    journal: Journal
    values: Values
    steps: Mapping[Key, Step]
    unawaited: frozenset[Key] = frozenset()
    heard: Heard = field(default_factory=SimpleQueue)
    _done: set[Key] = field(default_factory=set)
    _live: dict[str, Found] = field(default_factory=dict)
    _records: dict[str, Record] = field(default_factory=dict)
    _sent: dict[Key, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._intents = Intents(self.plan, self.journal.run, self.values, self.aws.clock)

    def intend(self) -> None:
        """Write down everything that is about to happen, before it does."""
        intents = self._intents.all()
        self._records |= {record.address: record for record in intents}
        doing = {
            change.address: str(change.action)
            for change in self.plan.changes
            if change.address in self._records
        }
        rewired = self._intents.rewired(self._records)
        if intents or rewired:
            before = self._intents.before(self._records)
            left = {*self.plan.situation.origins.values()}
            self.journal.intend([*intents, *rewired], before, doing, left)

    def perform(self, key: Key) -> Work:
        """Begin a step."""
        verbs = {
            Verb.CREATE: self._create,
            Verb.CONFIGURE: self._configure,
            Verb.LIFT: self._lift,
            Verb.UNWIRE: self._unwire,
            Verb.DELETE: self._delete,
            Verb.LOOK: self._look_again,
        }
        change = self.plan.change(key.address)
        if change is None:  # pragma: no cover  steps are made from changes
            raise ProvisionerError(f"{key} belongs to no change.")
        sent = self._sent.setdefault(key, [])

        def tell(call: Call, request: str) -> None:
            if call.mutates:
                sent.append(f"{call} {request}")

        def hold(delay: Delay) -> None:
            if delay.elapsed + delay.pause >= WORTH_TELLING:
                state = self._redaction(change).text(_why(delay))
                self.heard.put(Held(key, state, delay.elapsed, delay.limit))

        try:
            done = yield from verbs[key.verb](change, self.aws.telling(tell, hold))
        except Exception as error:  # noqa: BLE001  raised below, without its secrets
            failure = as_ours(error, str(key))
        else:
            self._done.add(key)
            return replace(done, idle=key.verb in MAY_BE_IDLE and not sent)
        raise self._redaction(change).error(failure)

    def _redaction(self, change: Change) -> Redaction:
        """Knows the secrets that a step sends, and those that AWS has in their place."""
        resource = self.plan.resource(change.address)
        if resource is None:
            return Redaction(())
        spec: type[Spec] = resource.kind.spec
        wanted = unescape(substitute(dict(resource.settings), self.values.resolve))
        sent = wanted if isinstance(wanted, dict) else {}
        found = self.plan.found(change.address)
        there = found.observed.settings if found else {}
        known = {a for one in self.values.attributes.values() for a in one.values()}
        return Redaction(
            secrets_in(spec, sent) | secrets_in(spec, there), known | public_in(spec, sent)
        )

    def requests(self, key: Key) -> tuple[str, ...]:
        """The writes of a step that AWS answered: operation and AWS's request id."""
        return tuple(self._sent.get(key, ()))

    def _create(self, change: Change, aws: Aws) -> Work:
        resource = self._resource(change)
        resolved = resource.resolved(self.values.resolve)
        later = resolved.waiting | self._not_yet(resource)
        spec = unset(resolved.spec, sorted(later))
        owner = Owner(self.plan.stack, change.address, self._record(change).token)
        id_, observed = create_or_settle(resource.kind, aws, spec, owner)
        self._live[change.address] = Found(id_, observed)
        self._learn(resource, observed)
        record = self._record(change)
        attributes = dict(self.values.attributes.get(change.address, {}))
        self._note(
            record,
            status=Status.CREATING,
            id=id_,
            arn=attributes.get("arn"),
            attributes=attributes,
            created_at=self._now(),
        )
        yield from ()
        return Done(id_)

    def withdraw(self, outcome: Outcome) -> None:
        """Take back the intents of what was surely not made, so that nobody has to look for it."""
        for change in self.plan.changes:
            key = Key(change.address, Verb.CREATE)
            if not change.makes or key in outcome.done:
                continue
            known = self.plan.record(change.address)
            with suppress(RunLostError):  # whoever has taken over settles it
                if _open(outcome.failed.get(key)):
                    self._note(self._record(change))  # it may have been made until now
                elif known:
                    self.journal.note(known)
                else:
                    self.journal.forget(change.address)

    def _configure(self, change: Change, aws: Aws) -> Work:
        resource = self._resource(change)
        live = self._live.get(change.address) or self.plan.found(change.address)
        if live is None:  # pragma: no cover  a configure follows a create or a look
            raise ProvisionerError(f"{change.address} was not seen.")
        spec = self._whole_spec(resource)
        observed = live.observed
        if observed.phase is Phase.PENDING:
            if self._complete(change, spec, observed):
                self._note_configured(change, resource, spec, live.id, Status.CREATING)
                return Done(live.id, note="not ready yet; the next run waits for it")
            observed = yield from self._until_ready(resource.kind, live.id, observed)
        sent: dict[str, Difference] = {}
        for _ in range(ROUNDS):
            phase, changes = configure(
                resource.kind,
                aws,
                live.id,
                spec,
                observed,
                previous_tags=self._tag_keys(change),
            )
            sent |= changes
            if phase is not Phase.PENDING:
                break
            observed = yield from self._until_ready(resource.kind, live.id, None)
        else:
            raise unsettled(resource.kind, live.id, changes)
        told = [] if change.makes else [masked(item) for item in sent.values()]
        told += [*self._claimed(change, aws, live), *removed_extras(aws, change, live.id)]
        self._learn(resource, observed)
        self._note_configured(change, resource, spec, live.id, Status.READY)
        note = f"moved from {change.moved_from}" if change.moved_from else ""
        return Done(live.id, tuple(told), note)

    def _claimed(self, change: Change, aws: Aws, live: Found) -> Iterator[Difference]:
        """Write on an object whose it is: if it was moved, or somebody took our tags away."""
        kind, tags = self._resource(change).kind, live.observed.tags
        record = self._record(change)
        owner = Owner(self.plan.stack, change.address, record.token)
        if kind.retag is None or tags is None or owner.owns(tags):
            return
        if record.formerly(tags):
            kind.retag(aws, live.id, replace(owner, token="").tags, ())
        elif change.owned:
            kind.retag(aws, live.id, owner.tags, ())
            yield Difference("ownership tags", None, {**owner.tags})

    def _lift(self, change: Change, aws: Aws) -> Work:
        """Take protections away: a step of its own, so that it is seen and written down."""
        protected = [old for old in change.olds if old.lifts]
        for old in protected:
            yield from lifted(kind_of(old.kind), old, aws)
        return Done(protected[0].id, note=", ".join(old.lifts for old in protected))

    def _unwire(self, change: Change, aws: Aws) -> Work:
        for old in change.olds:
            yield from let_go(kind_of(old.kind), old, aws)
        return Done(change.olds[0].id)

    def _delete(self, change: Change, aws: Aws) -> Work:
        for old in change.olds:
            yield from removed(kind_of(old.kind), old, aws, self.plan.ours)
        if Key(change.address, Verb.LOOK) not in self.steps:
            self._forget(change)
        return Done(change.olds[0].id if change.olds else change.id or "")

    def _look_again(self, change: Change, aws: Aws) -> Work:
        """Delete what is there again; the record stays until it is not."""
        back: list[str] = []
        for old in change.olds:
            back += yield from returned(kind_of(old.kind), old, aws, self.plan.staying)
        self._forget(change)
        note = f"{', '.join(back)} was there again and was deleted again" if back else ""
        return Done(change.olds[0].id, note=note)

    def _forget(self, change: Change) -> None:
        """The objects that had to go are gone."""
        if change.stays:
            self._note(self._record(change), replaced=())
        else:
            self.journal.forget(change.address)

    def _until_ready(
        self, kind: AnyType, id_: str, observed: Observed | None
    ) -> Generator[Pause, None, Observed]:
        """Pause until the object is stable, shortly at first; what AWS then shows."""
        started = self.aws.clock.monotonic()
        pause = FIRST_PAUSE
        poll = kind.poll or kind.read
        while True:
            elapsed = self.aws.clock.monotonic() - started
            check_patience(kind, id_, observed, elapsed, kind.ready)
            state = observed.reason if observed and observed.reason else "pending"
            yield Pause(min(pause, kind.ready.every), state, elapsed, kind.ready)
            pause *= 2
            observed = poll(self.aws, [id_]).get(id_)
            if observed and observed.phase is Phase.READY:
                break
        whole = kind.read(self.aws, [id_]).get(id_) if kind.poll else observed
        return whole or observed

    def _resource(self, change: Change) -> Resource:
        resource = self.plan.resource(change.address)
        if resource is None:  # pragma: no cover  only wanted resources are made
            raise ProvisionerError(f"{change.address} is not wanted.")
        return resource

    def _whole_spec(self, resource: Resource) -> Spec:
        resolved = resource.resolved(self.values.resolve)
        if resolved.waiting:
            missing = {
                f"${{{use.target}.{use.attribute}}}"
                for use in resource.uses
                if use.field in resolved.waiting
                and use.attribute not in self.values.attributes.get(use.target, {})
            }
            raise ProvisionerError(
                f"{resource.address}: {', '.join(sorted(missing))} has no value after its "
                "resource was made.",
                hint="AWS does not tell this attribute with these settings.",
            )
        return resolved.spec

    def _not_yet(self, resource: Resource) -> set[str]:
        """Configure fields whose targets are still to come."""
        return {
            use.field
            for use in resource.uses
            if use.field
            and stage_of(resource, use) is Stage.CONFIGURE
            and self._to_come(use.target, resource.wait_of(use))
        }

    def _to_come(self, target: str, wait: Wait) -> bool:
        if wait is Wait.NAME:
            return False
        keys = [Key(target, Verb.CREATE)]
        if wait is Wait.READY:
            keys.append(Key(target, Verb.CONFIGURE))
        return any(key in self.steps and key not in self._done for key in keys)

    def _learn(self, resource: Resource, observed: Observed) -> None:
        self.values.learn(resource.address, observed.attributes)
        self.values.learn(resource.address, self.values.predict(resource))

    def _tag_keys(self, change: Change) -> tuple[str, ...]:
        record = self.plan.record(change.address)
        return tuple(record.tags) if record else ()

    def _record(self, change: Change) -> Record:
        """The newest record of an address."""
        record = self._records.get(change.address) or self.plan.record(change.address)
        return record or self._intents.of(change)

    def _note(self, record: Record, **news: object) -> None:
        """Write down what became true; behind the work."""
        noted = record.model_copy(update={**news, "updated_at": self._now()})
        self._records[record.address] = noted
        self.journal.note(noted)

    def _complete(self, change: Change, spec: Spec, observed: Observed) -> bool:
        """Whether nothing is left to do but a wait that may be left to the next run."""
        left = Key(change.address, Verb.CONFIGURE) in self.unawaited
        return left and not (
            differences(type(spec), settings_of(spec), observed)
            or tag_changes(tags_of(spec), observed)
        )

    def _note_configured(
        self, change: Change, resource: Resource, spec: Spec, id_: str, status: Status
    ) -> None:
        record, known = self._record(change), self.plan.record(change.address)
        found = self.plan.found(change.address)
        moving = found is not None and record.formerly(found.observed.tags)
        left = {one.what for one in self.plan.lasting if one.address == change.address}
        told = sealed(resource.kind.spec, settings_of(spec), record.token)
        if known:  # what the plan leaves as it is, stays recorded as it was applied
            told |= {name: value for name, value in known.settings.items() if name in left}
        attributes = dict(self.values.attributes.get(change.address, {}))
        self._note(
            record,
            id=id_,
            arn=attributes.get("arn"),
            kind=resource.kind.kind,
            status=status,
            owned=change.owned,
            protect=resource.protect,
            edges=edges_of(resource),
            settings=told,
            intended=None,
            tags=known.tags if known and "tags" in left else tags_of(spec),
            attributes=attributes,
            former=record.former if moving and not change.makes else (),
        )

    def _now(self) -> str:
        return self.aws.clock.now().isoformat(timespec="seconds")


def _why(delay: Delay) -> str:
    """Why a call waits, in our words and in AWS's."""
    return f"{delay.reason}; {delay.call}: {delay.said}" if delay.said else delay.reason


def _open(error: ProvisionerError | None) -> bool:
    """Whether a create that ended so may have made something all the same."""
    if error is None or isinstance(error, ForeignObjectError | CredentialsError):
        return False
    return not (isinstance(error, AwsError) and error.code and error.code not in BROKEN)
