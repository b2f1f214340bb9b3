"""SNS topics: attributes, policies, tags."""

from __future__ import annotations

from botocore.exceptions import ClientError

from provisioner.strict.rule import Answer, Call, Rule, Unplayed
from provisioner.strict.rules._policies import statements, strangers
from provisioner.strict.world import World

INVALID = "InvalidParameter"


def _attributes(world: World, topic: str) -> dict[str, str] | None:
    try:
        found: dict[str, str] = world.client("sns").get_topic_attributes(TopicArn=topic)[
            "Attributes"
        ]
    except ClientError:
        return None
    return found


def _refuse_other(world: World, call: Call) -> Answer | None:
    """Refuse to make a topic that is there with other attributes."""
    partition = world.client("sns").meta.partition
    arn = f"arn:{partition}:sns:{world.region}:{world.account}:{call.params['Name']}"
    found = _attributes(world, arn)
    given = call.params.get("Attributes", {})
    if found is not None and any(found.get(name) != value for name, value in given.items()):
        message = "Invalid parameter: Attributes Reason: Topic already exists with different"
        world.refuse(INVALID, f"{message} attributes")
    return None


def _policy(call: Call) -> str | None:
    """The policy that a call sets; None if it sets none."""
    if call.operation == "CreateTopic":
        found: str | None = call.params.get("Attributes", {}).get("Policy")
        return found
    is_policy = call.params.get("AttributeName") == "Policy"
    return str(call.params.get("AttributeValue", "")) if is_policy else None


def _refuse_strangers(world: World, call: Call) -> Answer | None:
    if strangers(world, _policy(call) or ""):
        message = "Invalid parameter: Policy Error: PrincipalNotFound"
        world.refuse(INVALID, message)
    return None


def _refuse_empty(world: World, call: Call) -> Answer | None:
    """A topic always has a policy; without one it would answer nobody."""
    policy = _policy(call)
    if policy is not None and not statements(policy):
        world.refuse(INVALID, "Invalid parameter: Policy Error: null")
    return None


def _refuse_parallel(world: World, call: Call) -> Answer | None:
    """Take one change of a topic's tags at a time."""
    topic = call.params["ResourceArn"]
    if any(one.params.get("ResourceArn") == topic for one in world.others(call, "sns.*agResource")):
        message = (
            "Can't perform multiple operations on a tag at the same time. Perform the operations "
            "sequentially."
        )
        world.refuse("ConcurrentAccess", message)
    return None


WRITES = ("sns.SetTopicAttributes", "sns.CreateTopic")
RULES = (
    Rule(
        name="sns.other-attributes",
        source="SNS topic: create; SNS API Reference, CreateTopic",
        says="CreateTopic refuses a topic that is there with other attributes (InvalidParameter).",
        before={"sns.CreateTopic": _refuse_other},
    ),
    Rule(
        name="sns.new-principals",
        source="SNS topic: policy; IAM User Guide, Troubleshooting IAM, changes are not always "
        "immediately visible",
        says="A policy that names a role made seconds ago is refused (InvalidParameter, "
        "PrincipalNotFound).",
        before=dict.fromkeys(WRITES, _refuse_strangers),
    ),
    Rule(
        name="sns.policy-stays",
        source="SNS topic: policy; SNS API Reference, SetTopicAttributes",
        says="The policy of a topic can't be emptied, only replaced, be it by the default one "
        "(InvalidParameter).",
        before={"sns.SetTopicAttributes": _refuse_empty},
    ),
    Rule(
        name="sns.one-tag-change",
        source="SNS topic: tags; SNS API Reference, TagResource",
        says="Changes of one topic's tags side by side are refused (ConcurrentAccess).",
        before={"sns.TagResource": _refuse_parallel, "sns.UntagResource": _refuse_parallel},
    ),
)
UNPLAYED = (
    Unplayed(
        "CreateTopic refuses a topic that is there with other tags (InvalidParameter).",
        "The embedded emulator does so by itself.",
    ),
    Unplayed(
        "A topic made again under its name shows the old attributes for some seconds.",
        "A create says by itself what it made; nothing is read back.",
    ),
    Unplayed(
        "The key of a topic reads back as it was sent: alias, id or ARN.",
        "The emulator does so by itself; the kind compares it as it was sent.",
    ),
    Unplayed(
        "Roles that write delivery logs must be assumable by SNS.",
        "The kind sets none.",
    ),
)
