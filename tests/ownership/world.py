"""An AWS with a stack that is put up and torn down, and somebody else who makes things by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from moto import mock_aws

from provisioner.engine.report import Report
from provisioner.errors import ForeignObjectError
from provisioner.local import gaps
from provisioner.operations.desk import Options
from provisioner.planning.allowances import Allowances
from provisioner.stack import Stack
from tests.conftest import REGION
from tests.faults.stage import Clients, Stage
from tests.faults.weather import Killed, Moment
from tests.ownership.hands import ACCOUNT, HANDS, ByHand, Client, make_bucket, role_of
from tests.sessions import Session

OUTSIDE = {
    "sns.subscription": ("sns.topic", f"arn:aws:sns:{REGION}:{ACCOUNT}:outside"),
    "logs.metric_filter": ("logs.log_group", "/outside"),
    "lambda.permission": ("lambda.function", "outside"),
}
"""What was there all the time: on it hang things of ours and of others."""


@dataclass
class World(Stage):
    """A stage, with plain clients for the hands of others, whose calls no trouble befalls.

    Attributes:
        adopt: runs may adopt.
        rollback: a run of which a step fails is undone.
    """

    adopt: bool = False
    rollback: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        region = self.session.region_name
        self.hands: Client = _hands(region)

    @property
    def options(self) -> Options:
        """How every run runs."""
        allow = Allowances(adopt=self.adopt)
        return Options(
            clock=self.clock,
            workers=self.workers,
            allow=allow,
            rollback_on_failure=self.rollback,
        )


@cache
def _hands(region: str) -> Client:
    """Clients that know nothing of any stage; made once."""
    return Clients(Session(region)).client


@contextmanager
def world(stack: Stack, region: str = REGION, *, adopt: bool = False) -> Iterator[World]:
    """An AWS with nothing in it but what was there all the time."""
    gaps.fill()
    with mock_aws():
        made = World(Session(region), stack, adopt=adopt)
        for kind in sorted({resource.kind.kind for resource in stack}):
            _make_outside(made.hands, kind, region)
        yield made


def _make_outside(hands: Client, kind: str, region: str) -> None:
    if kind in OUTSIDE:
        parent, id_ = OUTSIDE[kind]
        HANDS[parent].make(hands, id_.replace(REGION, region))
    if kind == "cloudtrail.trail":
        make_bucket(hands, "outside-bucket")
    if kind in {"lambda.function", "apigateway.account"}:
        service = kind.partition(".")[0]
        role_of(hands, f"outside-{service}", f"{service}.amazonaws.com")


@dataclass(frozen=True)
class Target:
    """An object that a stack wants and somebody else makes.

    Attributes:
        address, kind: in the stack.
        id: of the object, or its name where AWS makes the id.
    """

    address: str
    kind: str
    id: str

    @property
    def hand(self) -> ByHand:
        return HANDS[self.kind]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


WANTED: Mapping[str, Mapping[str, Any]] = {
    "kms.key": {"alias": "alias/own"},
    "s3.bucket": {"bucket_name": "own-bucket", "empty_on_delete": True},
    "sns.topic": {"name": "own"},
    "sns.subscription": {
        "topic_arn": "arn:${partition}:sns:${region}:${account}:outside",
        "protocol": "sqs",
        "endpoint": "arn:${partition}:sqs:${region}:${account}:outside",
    },
    "sqs.queue": {"queue_name": "own"},
    "iam.role": {
        "role_name": "own",
        "assume_role_policy": {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ]
        },
    },
    "iam.policy": {
        "policy_name": "own",
        "policy": {"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]},
    },
    "dynamodb.table": {"table_name": "own", "key": {"partition": "pk", "sort": "sk"}},
    "logs.log_group": {"log_group_name": "/own"},
    "logs.metric_filter": {
        "log_group_name": "/outside",
        "filter_name": "own",
        "filter_pattern": "ours",
        "metric_transformation": {"metric_name": "Ours", "metric_namespace": "Ours"},
    },
    "lambda.function": {
        "function_name": "own",
        "code": "lambdas/health_check",
        "role": f"arn:aws:iam::{ACCOUNT}:role/outside-lambda",
        "handler": "handler.handler",
        "runtime": "python3.13",
    },
    "lambda.permission": {
        "function_name": "outside",
        "statement_id": "own",
        "principal": "events.amazonaws.com",
        "source_arn": "arn:${partition}:events:${region}:${account}:rule/own",
    },
    "cloudwatch.alarm": {
        "alarm_name": "own",
        "namespace": "AWS/SQS",
        "metric_name": "ApproximateNumberOfMessagesVisible",
        "statistic": "Sum",
        "period": 300,
        "threshold": 1.0,
        "comparison_operator": "GreaterThanThreshold",
    },
    "cloudwatch.dashboard": {"dashboard_name": "own", "dashboard_body": {"widgets": []}},
    "events.rule": {
        "name": "own",
        "event_pattern": {"source": ["aws.s3"]},
        "targets": [{"id": "ours", "arn": "arn:${partition}:sqs:${region}:${account}:outside"}],
    },
    "cloudtrail.trail": {"name": "own-trail", "s3_bucket_name": "outside-bucket"},
    "backup.vault": {"backup_vault_name": "own"},
    "ssm.parameter": {"name": "/own", "value": "ours"},
    "apigateway.account": {
        "cloudwatch_role_arn": f"arn:aws:iam::{ACCOUNT}:role/outside-apigateway"
    },
}
"""One resource of each kind that has a name, beside nothing of its own stack."""


def stack_of(*kinds: str, **more: Mapping[str, Any]) -> Stack:
    """A stack of one resource of each of these kinds; `more` changes the settings of a kind."""
    stack = Stack("own", tags={"Owner": "us"})
    for kind in kinds:
        address = address_of(kind)
        stack.add(address, kind, **{**WANTED[kind], **more.get(address, {})})
    return stack


def address_of(kind: str) -> str:
    return kind.replace(".", "_")


def target(kind: str, region: str = REGION) -> Target:
    """The object of that kind which `stack_of` wants."""
    ids = {
        "kms.key": "alias/own",
        "s3.bucket": "own-bucket",
        "sns.topic": f"arn:aws:sns:{region}:{ACCOUNT}:own",
        "sns.subscription": f"arn:aws:sns:{region}:{ACCOUNT}:outside|sqs|"
        f"arn:aws:sqs:{region}:{ACCOUNT}:outside",
        "iam.policy": f"arn:aws:iam::{ACCOUNT}:policy/own",
        "logs.log_group": "/own",
        "ssm.parameter": "/own",
        "logs.metric_filter": "/outside|own",
        "lambda.permission": "outside|own",
        "cloudtrail.trail": "own-trail",
        "apigateway.account": "account",
    }
    return Target(address_of(kind), kind, ids.get(kind, "own"))


class Rival:
    """Somebody else who makes an object at the first moment that is fit for it.

    Attributes:
        made: everything that AWS tells of the object, right after it was made.
    """

    def __init__(
        self,
        hands: Client,
        what: Target,
        when: Callable[[Moment], bool],
        kill: Callable[[Moment], bool] | None = None,
    ) -> None:
        self._hands, self._what, self._when, self._kill = hands, what, when, kill
        self._planned = False
        self.made: Any = None

    def __call__(self, moment: Moment) -> BaseException | None:
        """Make it if it is time; then die if it is time for that."""
        self._planned = self._planned or after_the_plan(moment)
        if self.made is None and self._planned and self._when(moment):
            self._what.hand.make(self._hands, self._what.id)
            self.made = self.told
        if self.made is not None and self._kill and self._kill(moment):
            return Killed()
        return None

    @property
    def told(self) -> Any:
        """Everything that AWS tells of the object now."""
        return self._what.hand.told(self._hands, self._what.id)


def after_the_plan(moment: Moment) -> bool:
    """What is about to happen was just written down."""
    return (str(moment.call), moment.side) == ("dynamodb.TransactWriteItems", "after")


def at(call: str, side: str) -> Callable[[Moment], bool]:
    """One side of a call."""
    return lambda moment: (str(moment.call), moment.side) == (call, side)


def any_other(moment: Moment) -> bool:
    """The next call, whichever it is."""
    return moment.side == "before"


def refusal(stage: World) -> str:
    """Run, and be refused; what the refusal says."""
    try:
        report = stage.up()
    except ForeignObjectError as error:
        return str(error)
    assert report is not None
    failed = report.outcome.failed.values()
    assert [type(error) for error in failed] == [ForeignObjectError], _told(report)
    return str(next(iter(failed)))


def _told(report: Report) -> str:
    return f"{report.result} {[str(error) for error in report.outcome.failed.values()]}"
