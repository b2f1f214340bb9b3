"""Log groups of CloudWatch Logs: keys that must admit the service, changes at a time, rates."""

from __future__ import annotations

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._kms import admits
from provisioner.strict.rules._rates import exceeds
from provisioner.strict.world import World

PER_SECOND = 10.0
CHANGES = (
    "CreateLogGroup",
    "DeleteLogGroup",
    "PutRetentionPolicy",
    "DeleteRetentionPolicy",
    "AssociateKmsKey",
    "DisassociateKmsKey",
    "PutMetricFilter",
    "DeleteMetricFilter",
)
RATED = (*CHANGES, "DescribeLogGroups", "DescribeMetricFilters", "TagResource")


def _refuse_key(world: World, call: Call) -> Answer | None:
    """The key's policy has to let the service of the region in."""
    key, name = call.params.get("kmsKeyId"), call.params["logGroupName"]
    if key and not admits(world, key, f"logs.{world.region}.amazonaws.com"):
        arn = f"arn:aws:logs:{world.region}:{world.account}:log-group:{name}"
        message = (
            f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"
        )
        world.refuse("AccessDeniedException", message)
    return None


def _refuse_parallel(world: World, call: Call) -> Answer | None:
    """One change of a group at a time."""
    name = call.params["logGroupName"]
    for one in world.others(call, "logs.*"):
        if one.operation in CHANGES and one.params.get("logGroupName") == name:
            message = (
                "A conflicting operation is currently in progress against this resource. "
                "Please try again."
            )
            world.refuse("OperationAbortedException", message)
    return None


def _refuse_too_many(world: World, call: Call) -> Answer | None:
    if exceeds(world, str(call), PER_SECOND, PER_SECOND):
        world.refuse("ThrottlingException", "Rate exceeded")
    return None


RULES = (
    Rule(
        name="logs.key-admits",
        source="Log group: KMS key; CloudWatch Logs User Guide, Encrypt log data using AWS KMS",
        says="A key whose policy does not name logs.REGION.amazonaws.com, or has done so for "
        "seconds only, is AccessDeniedException.",
        before={"logs.CreateLogGroup": _refuse_key, "logs.AssociateKmsKey": _refuse_key},
    ),
    Rule(
        name="logs.parallel-changes",
        source="Log group: changes; CloudWatch Logs API Reference, OperationAbortedException",
        says="Changes of one log group at the same time are OperationAbortedException.",
        before={f"logs.{name}": _refuse_parallel for name in CHANGES},
    ),
    Rule(
        name="logs.rates",
        source="CloudWatch Logs: requests; CloudWatch Logs User Guide, CloudWatch Logs quotas",
        says="Each operation on log groups is taken some ten times a second; more are "
        "ThrottlingException.",
        before={f"logs.{name}": _refuse_too_many for name in RATED},
    ),
)
UNPLAYED = (
    Unplayed(
        "Retention is one of 22 numbers of days (InvalidParameterException).",
        "The embedded AWS refuses others itself; see the gaps of CloudWatch Logs.",
    ),
    Unplayed(
        "DescribeLogGroups answers two ARNs, with and without :*.",
        "The embedded AWS answers both.",
    ),
    Unplayed(
        "A protected group can't be deleted.",
        "The embedded AWS refuses it itself; see the gaps of CloudWatch Logs.",
    ),
    Unplayed(
        "A new key encrypts new events only, minutes later.",
        "No call of a stack shows it.",
    ),
    Unplayed(
        "After a change of tags, permissions that hang on them are late (AccessDeniedException).",
        "The emulator knows no permissions of the caller.",
    ),
)
