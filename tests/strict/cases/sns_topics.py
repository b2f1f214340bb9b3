"""SNS topics."""

from __future__ import annotations

import json
from typing import Any

from provisioner import Stack
from provisioner.resources.sns_topic import SnsTopicSpec, ensure_sns_topic
from tests.strict.case import Case, Client, Ground
from tests.strict.cases._parallel import side_by_side
from tests.strict.cases._roles import (
    ACCOUNT,
    ROLE_ARN,
    add_role,
    admitting,
    make_role,
)
from tests.strict.cases._somebody import somebody_at_work

TOPIC_ARN = f"arn:aws:sns:eu-central-1:{ACCOUNT}:strict"
POLICY = admitting(ROLE_ARN, "sns:Publish", TOPIC_ARN)


def stack(**settings: Any) -> Stack:
    """A topic."""
    made = Stack("strict")
    made.add("topic", "sns.topic", name="strict", **settings)
    return made


def stack_with_role() -> Stack:
    """A topic whose policy names a role of the stack."""
    made = Stack("strict")
    role = add_role(made, "lambda")
    policy = admitting(role.arn, "sns:Publish", TOPIC_ARN)
    made.add("topic", "sns.topic", name="strict", policy=policy)
    return made


def update_by_creating(client: Client) -> None:
    """Bring a topic to other settings by making it once more."""
    sns = client("sns")
    sns.create_topic(Name="strict", Attributes={"DisplayName": "One"})
    sns.create_topic(Name="strict", Attributes={"DisplayName": "Two"})


def _set_policy(client: Client, policy: object) -> None:
    client("sns").set_topic_attributes(
        TopicArn=client("sns").create_topic(Name="strict")["TopicArn"],
        AttributeName="Policy",
        AttributeValue=json.dumps(policy),
    )


def admit_a_new_role(client: Client) -> None:
    """Name a role in a policy that was made a moment ago."""
    make_role(client, "lambda")
    _set_policy(client, POLICY)


def empty_the_policy(client: Client) -> None:
    """Take every statement out of a policy."""
    _set_policy(client, {"Version": "2012-10-17", "Statement": []})


def tag_side_by_side(client: Client) -> None:
    """Set two tags at once."""
    sns = client("sns")
    topic = sns.create_topic(Name="strict")["TopicArn"]

    def tag(key: str) -> None:
        sns.tag_resource(ResourceArn=topic, Tags=[{"Key": key, "Value": "yes"}])

    side_by_side(sns, [lambda: tag("One"), lambda: tag("Two")])


def tag_while_somebody_does(ground: Ground) -> None:
    """A tag is set and another removed while somebody else sets one."""
    aws = ground.aws
    ensure_sns_topic(aws, SnsTopicSpec(name="strict"))
    theirs = [{"Key": "Theirs", "Value": "yes"}]
    with somebody_at_work(
        ground, "sns", lambda sns: sns.tag_resource(ResourceArn=TOPIC_ARN, Tags=theirs)
    ):
        ensure_sns_topic(aws, SnsTopicSpec(name="strict", tags={"Team": "care"}))
    found = ground.plain("sns").list_tags_for_resource(ResourceArn=TOPIC_ARN)["Tags"]
    tags = {tag["Key"]: tag["Value"] for tag in found}
    assert (tags["Team"], tags["Theirs"]) == ("care", "yes")


CASES = [
    Case(
        "sns.other-attributes",
        update_by_creating,
        "InvalidParameter",
        lambda ground: ground.through(stack(display_name="One"), stack(display_name="Two")),
    ),
    Case(
        "sns.new-principals",
        admit_a_new_role,
        "InvalidParameter",
        lambda ground: ground.through(stack_with_role()),
    ),
    Case(
        "sns.policy-stays",
        empty_the_policy,
        "InvalidParameter",
        lambda ground: ground.through(
            stack(policy=admitting(ACCOUNT, "sns:Publish", TOPIC_ARN)), stack(tls_only=False)
        ),
    ),
    Case("sns.one-tag-change", tag_side_by_side, "ConcurrentAccess", tag_while_somebody_does),
]
