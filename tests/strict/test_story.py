"""The healthcare stack's whole life under all rules at once, in virtual time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from provisioner import Options, Stack, apply, load, strict, teardown
from provisioner.engine.report import Report
from provisioner.local import gaps
from tests.conftest import REGION
from tests.e2e.alive import alive
from tests.faults.stage import Clients
from tests.sessions import Session

ROOT = Path(__file__).resolve().parents[2]
GROUP = "healthcare-functions-dev"


@pytest.fixture
def strict_base() -> Iterator[boto3.Session]:
    """An empty AWS in memory that has AWS's own managed policies."""
    gaps.fill()
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        yield Session(REGION)


class Healthcare:
    """The manifest in a folder of its own, applied and torn down under the rules."""

    def __init__(self, folder: Path, layer: strict.Strict, clock: strict.VirtualClock) -> None:
        shutil.copytree(ROOT / "manifests", folder / "manifests")
        shutil.copytree(ROOT / "lambdas", folder / "lambdas")
        self.folder = folder / "manifests" / "healthcare"
        self.plain: Any = Clients(layer.world.session)
        self._clients: Any = Clients(layer.session)
        self._layer = layer
        self._options = Options(clock=clock)

    def up(self) -> dict[str, int]:
        """Apply; what was done, by count. Another apply then has nothing to do."""
        stack = Stack.of(load(self.folder, variables={"alert_email": "a@example.org"}))
        report = apply(self._clients, stack, self._options).check()
        again = apply(self._clients, stack, self._options).check()
        assert _writes(again) == 0, _counts(again)
        return _counts(report)

    def down(self) -> dict[str, int]:
        """Tear down, and let everything happen that AWS does afterwards."""
        counts = _counts(teardown(self._clients, "healthcare-dev", self._options).check())
        self._layer.detach()
        return counts

    def edit(self, file: str, old: str, new: str) -> None:
        """Change the manifest."""
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def group(self, name: str) -> dict[str, Any]:
        """A security group, as it stands."""
        named = [{"Name": "group-name", "Values": [name]}]
        groups: list[dict[str, Any]] = self.plain.client("ec2").describe_security_groups(
            Filters=named
        )["SecurityGroups"]
        [found] = groups
        return found


def _counts(report: Report) -> dict[str, int]:
    kept = {"seconds"}
    return {k: v for k, v in report.summary.items() if isinstance(v, int) and v and k not in kept}


def _writes(report: Report) -> int:
    calls: Any = report.summary["aws_calls"]
    return int(calls["write"])


def test_a_whole_life_under_all_rules(
    tmp_path: Path, strict_aws: strict.Strict, strict_clock: strict.VirtualClock
) -> None:
    """Made, unchanged, changed, replaced, repaired and taken down, as on AWS; nothing is left."""
    healthcare = Healthcare(tmp_path, strict_aws, strict_clock)
    assert healthcare.up() == {"created": 111}

    healthcare.edit("compute.yaml", "memory_size: 256", "memory_size: 512")
    assert healthcare.up() == {"updated": 1, "unchanged": 110}
    functions = healthcare.plain.client("lambda")
    processor = functions.get_function_configuration(FunctionName="healthcare-processor-dev")
    assert processor["MemorySize"] == 512

    healthcare.edit("network.yaml", "port: 443, cidr_ip", "port: 8443, cidr_ip")
    assert healthcare.up() == {"updated": 1, "unchanged": 110}
    assert {rule["ToPort"] for rule in healthcare.group(GROUP)["IpPermissionsEgress"]} == {8443}

    _replaced(healthcare)
    _repaired(healthcare)

    assert healthcare.down() == {"deleted": 111}
    assert alive(healthcare.plain) == {}
    assert strict_aws.refusals


def _replaced(healthcare: Healthcare) -> None:
    """The functions move to a new security group; the old one goes when Lambda has let it go."""
    old = healthcare.group(GROUP)["GroupId"]
    healthcare.edit("network.yaml", "group_name: healthcare-functions-", "group_name: functions-")
    done = healthcare.up()
    assert done["replaced"] == 1
    assert done.keys() <= {"replaced", "updated", "unchanged"}
    new = healthcare.group("functions-dev")["GroupId"]
    processor = healthcare.plain.client("lambda").get_function_configuration(
        FunctionName="healthcare-processor-dev"
    )
    assert processor["VpcConfig"]["SecurityGroupIds"] == [new]
    groups = healthcare.plain.client("ec2").describe_security_groups()["SecurityGroups"]
    assert old not in {group["GroupId"] for group in groups}


def _repaired(healthcare: Healthcare) -> None:
    """What somebody changed, opened and deleted by hand is as it was again."""
    ec2, watch = healthcare.plain.client("ec2"), healthcare.plain.client("cloudwatch")
    group = healthcare.group("functions-dev")["GroupId"]
    opened = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**opened, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    alarm = watch.describe_alarms()["MetricAlarms"][0]["AlarmName"]
    watch.delete_alarms(AlarmNames=[alarm])
    assert healthcare.up() == {"created": 1, "updated": 1, "unchanged": 109}
    assert healthcare.group("functions-dev")["IpPermissions"] == []
    assert alarm in {one["AlarmName"] for one in watch.describe_alarms()["MetricAlarms"]}
