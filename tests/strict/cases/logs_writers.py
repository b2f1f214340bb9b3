"""Who writes logs late."""

from __future__ import annotations

import json

from tests.strict.case import Case, Client, Ground
from tests.strict.cases._functions import NAME, allowing, function, stack
from tests.strict.cases._identity import role, settle

GROUP = f"/aws/lambda/{NAME}"
WRITING = ("logs:CreateLogStream", "logs:PutLogEvents")


def delete_both(client: Client) -> None:
    """Delete a function and its log group, and see some minutes later that both are gone."""
    arn = role(client, "runner")
    policy = json.dumps(allowing("logs:CreateLogGroup", *WRITING))
    client("iam").put_role_policy(RoleName="runner", PolicyName="run", PolicyDocument=policy)
    settle()
    function(client, arn)
    client("logs").create_log_group(logGroupName=GROUP)
    settle()
    client("lambda").delete_function(FunctionName=NAME)
    client("logs").delete_log_group(logGroupName=GROUP)
    settle(600)
    assert client("logs").describe_log_groups()["logGroups"] == []


def logged(ground: Ground) -> None:
    """A function with a group of its own goes, whether its role can make the group or not."""
    for actions in (WRITING, ("logs:CreateLogGroup", *WRITING)):
        made = stack(*actions, log_group=GROUP, depends_on=["group"])
        made.add("group", "logs.log_group", log_group_name=GROUP)
        ground.through(made)


CASES = [Case("logs.late-writers", delete_both, "", logged)]
