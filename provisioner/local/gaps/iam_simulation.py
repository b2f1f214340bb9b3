"""What moto 5.2 leaves out of IAM's policy simulator, filled.

- `SimulatePrincipalPolicy` is missing. Here it weighs the policies of a role or a user, for actions
  and ARNs. A statement with a condition decides nothing; its keys are told as missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import NotFoundException
from moto.iam.responses import IamResponse

Statement = Mapping[str, Any]


def simulate_principal_policy(self: Any) -> ActionResult:
    """Weigh each action on each ARN."""
    statements = [*_statements(self.backend, self._get_param("PolicySourceArn"))]
    results = [
        _weighed(statements, action, arn)
        for action in self._get_param("ActionNames", [])
        for arn in self._get_param("ResourceArns", ["*"])
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _weighed(statements: list[Statement], action: str, arn: str) -> dict[str, Any]:
    fitting = [one for one in statements if _fits(one, action, arn)]
    sure = [one for one in fitting if not one.get("Condition")]
    effects = {one["Effect"] for one in sure}
    decision = (
        "explicitDeny" if "Deny" in effects else "allowed" if "Allow" in effects else "implicitDeny"
    )
    missing = [key for one in fitting for test in one.get("Condition", {}).values() for key in test]
    return {
        "EvalActionName": action,
        "EvalResourceName": arn,
        "EvalDecision": decision,
        "MissingContextValues": missing,
    }


def _fits(statement: Statement, action: str, arn: str) -> bool:
    actions = (pattern.lower() for pattern in _listed(statement.get("Action")))
    return any(fnmatchcase(action.lower(), pattern) for pattern in actions) and any(
        fnmatchcase(arn, pattern) for pattern in _listed(statement.get("Resource"))
    )


def _listed(value: Any) -> list[str]:
    return [*value] if isinstance(value, list) else [value] if value else []


def _statements(backend: Any, arn: str) -> Iterator[Statement]:
    """The statements of all policies of a role or a user."""
    name = arn.rpartition("/")[2]
    people = backend.users.values() if ":user/" in arn else backend.get_roles()
    for one in people:
        if one.arn == arn:
            break
    else:
        raise NotFoundException(f"{name} does not exist.")
    documents = [
        *(doc for doc in one.policies.values()),
        *(
            version.document
            for policy in one.managed_policies.values()
            for version in policy.versions
            if version.is_default
        ),
    ]
    for text in documents:
        document = json.loads(text)
        found = document["Statement"]
        yield from found if isinstance(found, list) else [found]


def fill() -> None:
    """Put the filling in place. Doing so again changes nothing."""
    IamResponse.simulate_principal_policy = simulate_principal_policy  # type: ignore[attr-defined]
