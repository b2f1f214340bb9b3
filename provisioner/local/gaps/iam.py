"""What moto 5.2 leaves out of IAM, filled.

- `DeletePolicy` deletes a policy that somebody has, is bound by, or that has several versions.
- `ListEntitiesForPolicy` ignores `PolicyUsageFilter` and knows no permissions boundaries.
- `UpdateRole` forgets the description and the session's length when they are not sent.
- `AttachRolePolicy` counts a policy twice that is attached again.
- Calls at the same time fail: one makes a policy or role while another goes through them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.exceptions import DeleteConflictException
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse

_init = IAMBackend.__init__
_attach_role_policy = IAMBackend.attach_role_policy
_delete_policy = IAMBackend.delete_policy
_list_entities_for_policy = IamResponse.list_entities_for_policy


class Steady(dict[str, Any]):
    """A dict that may change while another thread goes through it."""

    def values(self) -> list[Any]:  # type: ignore[override]
        """The values as they are now; taken in one step of the interpreter."""
        return list(super().values())

    def items(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        """The items as they are now."""
        return list(super().items())

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().keys()))


def init(self: Any, *args: Any, **named: Any) -> None:
    """Keep policies and roles where several may work at once."""
    _init(self, *args, **named)
    self.managed_policies = Steady(self.managed_policies)
    self.roles = Steady(self.roles)


def attach_role_policy(self: Any, policy_arn: str, role_name: str) -> None:
    """Attach once."""
    if policy_arn not in self.get_role(role_name).managed_policies:
        _attach_role_policy(self, policy_arn, role_name)


def _bound(backend: Any, arn: str) -> list[Any]:
    """The roles whose permissions boundary the policy is."""
    return [role for role in backend.get_roles() if role.permissions_boundary_arn == arn]


def delete_policy(self: Any, policy_arn: str) -> None:
    """Refuse what is in use or has other versions."""
    policy = self.get_policy(policy_arn)
    if policy.attachment_count or _bound(self, policy_arn):
        raise DeleteConflictException("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise DeleteConflictException(
            "This policy has more than one version. Before you delete a policy, you must delete "
            "the policy's versions. The default version is deleted with the policy."
        )
    _delete_policy(self, policy_arn)


def list_entities_for_policy(self: Any) -> ActionResult:
    """Tell who has the policy from whom it binds."""
    answer: Any = _list_entities_for_policy(self)
    usage = self._get_param("PolicyUsageFilter")
    entity = self._get_param("EntityFilter")
    found = answer.result
    if usage == "PermissionsBoundary":
        found |= {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": []}
    if usage != "PermissionsPolicy" and entity in (None, "Role"):
        have = {role.name for role in found["PolicyRoles"]}
        bound = _bound(self.backend, self._get_param("PolicyArn"))
        found["PolicyRoles"] = [
            *found["PolicyRoles"],
            *(role for role in bound if role.name not in have),
        ]
    result: ActionResult = answer
    return result


def update_role(self: Any) -> ActionResult:
    """Leave alone what is not sent."""
    role = self.backend.get_role(self._get_param("RoleName"))
    description = self._get_param("Description")
    duration = self._get_param("MaxSessionDuration")
    if description is not None:
        role.description = description
    if duration is not None:
        role.max_session_duration = duration
    return EmptyResult()


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    IAMBackend.__init__ = init  # type: ignore[method-assign]
    IAMBackend.delete_policy = delete_policy  # type: ignore[method-assign]
    IamResponse.list_entities_for_policy = list_entities_for_policy  # type: ignore[method-assign]
    IamResponse.update_role = update_role  # type: ignore[method-assign]
    IAMBackend.attach_role_policy = attach_role_policy  # type: ignore[method-assign]
