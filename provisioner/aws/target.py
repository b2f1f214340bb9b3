"""Where resources live: account, region, partition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One account and region.

    Attributes:
        account: the twelve-digit account id.
        region: e.g. `eu-central-1`.
        partition: `aws`, `aws-cn`, `aws-us-gov`, …; never assume `aws`.
        caller: the ARN that GetCallerIdentity answered, for the history.
    """

    account: str
    region: str
    partition: str
    caller: str = ""

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional resource, e.g. `arn("sqs", "name")`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def global_arn(self, service: str, resource: str) -> str:
        """The ARN of a resource without a region, e.g. `global_arn("iam", "role/name")`."""
        return f"arn:{self.partition}:{service}::{self.account}:{resource}"

    @property
    def dns_suffix(self) -> str:
        """The domain of the partition's endpoints."""
        return {"aws-cn": "amazonaws.com.cn"}.get(self.partition, "amazonaws.com")
