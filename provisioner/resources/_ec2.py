"""What the EC2 kinds share: listing by filter, tags in the create call, one way to retag.

Objects are always asked for by filter, never by id: one missing id would fail the whole call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from botocore.exceptions import ClientError

from provisioner.aws.clients import Aws
from provisioner.aws.failures import absent_is_success, code_of, message_of
from provisioner.aws.tags import tag_dict, tag_list
from provisioner.aws.target import Target
from provisioner.errors import AwsError
from provisioner.lifecycle import STACK_TAG, TOKEN_TAG, Json, Observed, Phase
from provisioner.lifecycle.creating import LOOK_EVERY, VISIBLE

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.literals import ResourceTypeType
    from mypy_boto3_ec2.type_defs import TagSpecificationTypeDef, TagTypeDef

T = TypeVar("T")
Item: TypeAlias = Mapping[str, Any]
"""One object as a Describe call answers it."""

VALUES_PER_FILTER = 200


@dataclass(frozen=True, slots=True)
class Listing:
    """A Describe call.

    Attributes:
        operation: of the client, in boto3's spelling.
        member: of the answer, holds the objects.
        id_member: of an object, its id.
        id_filter: the filter that takes ids.
        filters: the name of the parameter that takes filters.
        pages: whether the call is paginated.
    """

    operation: str
    member: str
    id_member: str
    id_filter: str
    filters: str = "Filters"
    pages: bool = True

    def read(
        self, aws: Aws, ids: Sequence[str], observed: Callable[[Item], Observed | None]
    ) -> dict[str, Observed]:
        """The objects with these ids; absent ones, and those `observed` is None of, are left out.

        Several chunks are read side by side.
        """
        chunks = [
            ids[start : start + VALUES_PER_FILTER]
            for start in range(0, len(ids), VALUES_PER_FILTER)
        ]
        items = aws.gather([partial(self._known, aws, chunk) for chunk in chunks])
        return self._by_id([item for found in items for item in found], observed)

    def _known(self, aws: Aws, ids: Sequence[str]) -> list[Item]:
        """Those of these objects that AWS knows: one that it names as unknown is left out."""
        left = [*ids]
        while left:
            try:
                return self.matching(aws, {self.id_filter: left})
            except ClientError as error:
                told = message_of(error) if code_of(error).endswith(".NotFound") else ""
                if not any(id_ in told for id_ in left):
                    raise
                left = [id_ for id_ in left if id_ not in told]
        return []

    def search(
        self, aws: Aws, stack: str | None, observed: Callable[[Item], Observed | None]
    ) -> dict[str, Observed]:
        """The objects that carry the stack's tag; without a stack, all of them."""
        found = self.matching(aws, {f"tag:{STACK_TAG}": [stack]} if stack else {})
        return self._by_id(found, observed)

    def matching(self, aws: Aws, filters: Mapping[str, Sequence[str]]) -> list[Item]:
        """Every object that matches all filters."""
        client: Any = aws.client("ec2")
        named = [{"Name": name, "Values": list(values)} for name, values in filters.items()]
        request = {self.filters: named} if named else {}
        if not self.pages:
            return list(getattr(client, self.operation)(**request)[self.member])
        pages = client.get_paginator(self.operation).paginate(**request)
        return [item for page in pages for item in page[self.member]]

    def _by_id(
        self, items: Sequence[Item], observed: Callable[[Item], Observed | None]
    ) -> dict[str, Observed]:
        seen = {str(item[self.id_member]): observed(item) for item in items}
        return {id_: one for id_, one in seen.items() if one is not None}


INTERFACES = Listing(
    "describe_network_interfaces",
    "NetworkInterfaces",
    "NetworkInterfaceId",
    "network-interface-id",
)
"""What others put into subnets and groups."""


def tagged(kind: ResourceTypeType, tags: Mapping[str, str]) -> list[TagSpecificationTypeDef]:
    """Tags for a create call."""
    return [{"ResourceType": kind, "Tags": _tags(tags)}]


def _tags(tags: Mapping[str, str]) -> list[TagTypeDef]:
    return [{**tag} for tag in tag_list(tags)]


def token_of(tags: Mapping[str, str]) -> str:
    """The intent's token, as the client token of a create call; empty for a script's own create."""
    return tags.get(TOKEN_TAG, "")


def tags_of(item: Item) -> dict[str, str]:
    """The tags of a described object, without AWS's own."""
    tags = tag_dict(item.get("Tags"))
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def seen(
    target: Target,
    noun: str,
    id_: str,
    item: Item,
    settings: Mapping[str, Json],
    *,
    state: str = "available",
    reason: str = "",
    attributes: Mapping[str, str] | None = None,
) -> Observed:
    """A described object in our terms.

    Args:
        target: for its ARN.
        noun: of the ARN: `vpc`, `natgateway`.
        id_: of the object.
        item: its tags are taken.
        settings: in the spec's terms.
        state: EC2's word for its phase.
        reason: what is wrong with it, if AWS says; else the state.
        attributes: besides `id` and `arn`.
    """
    named = {"id": id_, "arn": target.arn("ec2", f"{noun}/{id_}"), **(attributes or {})}
    return Observed(settings, named, tags_of(item), phase_of(state), reason or state)


def once_visible(aws: Aws, look: Callable[[], T], enough: Callable[[T], bool]) -> T:
    """Look until AWS shows what surely is there, or ought to have long shown it.

    What AWS makes along with an object, such as a VPC's default group, is hidden at first like the
    object itself, and a list without it is no error that could be tried again.
    """
    started = aws.clock.monotonic()
    found = look()
    while not enough(found) and aws.clock.monotonic() - started < VISIBLE:
        aws.clock.sleep(LOOK_EVERY)
        found = look()
    return found


def retag(aws: Aws, id_: str, added: Mapping[str, str], removed: Sequence[str]) -> None:
    """Set and remove tags of any EC2 object."""
    ec2 = aws.client("ec2")
    if added:
        ec2.create_tags(Resources=[id_], Tags=_tags(added))
    if removed:
        ec2.delete_tags(Resources=[id_], Tags=[{"Key": key} for key in removed])


def phase_of(state: str) -> Phase:
    """The phase behind an EC2 state, whatever its case."""
    return {
        "available": Phase.READY,
        "failed": Phase.FAILED,
        "rejected": Phase.FAILED,
        "deleting": Phase.LEAVING,
    }.get(state.lower(), Phase.PENDING)


def refuse_unsuccessful(operation: str, unsuccessful: Sequence[Item], *absent: str) -> None:
    """Raise what AWS hid in a 200 answer.

    Args:
        operation: e.g. `ec2.CreateFlowLogs`.
        unsuccessful: the answer's member of that name.
        absent: codes that say the object is gone already, which is fine.

    Raises:
        AwsError: with AWS's code and message.
    """
    for item in unsuccessful:
        error = item.get("Error", {})
        if error.get("Code") not in absent:
            raise AwsError(
                f"{operation}: {error.get('Message', 'no reason given')} "
                f"({error.get('Code', 'no code')})",
                code=str(error.get("Code", "")),
                operation=operation,
            )


def delete_by(call: Callable[[EC2Client], object], aws: Aws, *absent: str) -> None:
    """Make a delete call; an object that is gone already is a success."""
    with absent_is_success(*absent):
        call(aws.client("ec2"))
