"""What Lambda asks of a function's role and key before it takes them."""

from __future__ import annotations

from typing import Any

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._kms import usable
from provisioner.strict.rules._lambda import configuration, name_of
from provisioner.strict.rules._policies import may
from provisioner.strict.world import World

TAKES = ("lambda.CreateFunction", "lambda.UpdateFunctionConfiguration")
TARGETS = {"sqs": ("sqs:SendMessage", "SQS"), "sns": ("sns:Publish", "SNS")}
"""A dead letter target's service → what the role must be able to do, and how AWS says that."""


def _refuse_unassumable(world: World, call: Call) -> Answer | None:
    role = call.params.get("Role")
    if role and not world.can_assume("lambda.amazonaws.com", role):
        message = "The role defined for the function cannot be assumed by Lambda."
        world.refuse("InvalidParameterValueException", message)
    return None


def _refuse_unable(world: World, call: Call) -> Answer | None:
    """The role has to be able to do what the function's settings will need."""
    role = call.params.get("Role") or configuration(world, name_of(call)).get("Role", "")
    for action, service in _needed(call.params):
        if not may(world, role, action):
            verb = action.partition(":")[2]
            message = (
                f"The provided execution role does not have permissions to call {verb} on {service}"
            )
            world.refuse("InvalidParameterValueException", message)
    return None


def _needed(params: dict[str, Any]) -> list[tuple[str, str]]:
    needed = []
    if (params.get("VpcConfig") or {}).get("SubnetIds"):
        needed.append(("ec2:CreateNetworkInterface", "EC2"))
    target = str((params.get("DeadLetterConfig") or {}).get("TargetArn", ""))
    if target:
        needed.append(TARGETS[target.split(":")[2]])
    if (params.get("TracingConfig") or {}).get("Mode") == "Active":
        needed.append(("xray:PutTraceSegments", "XRAY"))
    return needed


def _refuse_key(world: World, call: Call) -> Answer | None:
    """A key that is new, disabled or leaving can't be given to Lambda."""
    key = call.params.get("KMSKeyArn")
    if key and not usable(world, key):
        message = (
            "Lambda was unable to configure access to your environment variables because the "
            "KMS key is invalid for CreateGrant. Please check your KMS key settings. KMS "
            f"Exception: InvalidArnException KMS Message: Invalid keyId {key}"
        )
        world.refuse("InvalidParameterValueException", message)
    return None


RULES = (
    Rule(
        name="lambda.role-assumed",
        source="Lambda function: role; Lambda Developer Guide, Lambda execution role",
        says="A role that was made, or began to trust Lambda, seconds ago is "
        "InvalidParameterValueException, cannot be assumed by Lambda.",
        before=dict.fromkeys(TAKES, _refuse_unassumable),
    ),
    Rule(
        name="lambda.role-permissions",
        source="Lambda function: VPC, dead letters, tracing; Lambda Developer Guide, Giving "
        "Lambda functions access to resources in a VPC",
        says="A function gets a VPC, a dead letter target or tracing when its role may make "
        "interfaces, send or trace, by a policy that was put seconds ago at the latest; else it "
        "is InvalidParameterValueException, does not have permissions.",
        before=dict.fromkeys(TAKES, _refuse_unable),
    ),
    Rule(
        name="lambda.environment-key",
        source="Lambda function: environment; Lambda Developer Guide, Securing Lambda "
        "environment variables",
        says="A key that was made seconds ago, or is not enabled, is "
        "InvalidParameterValueException, invalid for CreateGrant.",
        before=dict.fromkeys(TAKES, _refuse_key),
    ),
)
UNPLAYED = (
    Unplayed(
        "A function whose role is deleted fails when it is called.",
        "No test of the library calls one; AWS takes the delete.",
    ),
)
