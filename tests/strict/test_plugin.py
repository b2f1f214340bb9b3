"""The pytest plugin, as another project uses it; and the layer over a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from provisioner import strict
from provisioner.local import control
from provisioner.local.state import Room

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "strict.md"


@pytest.fixture(autouse=True)
def _this_very_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes import the package from here, wherever another copy is installed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


TESTS = """
import pytest
from botocore.exceptions import ClientError

def six(layer):
    ec2 = layer.session.client("ec2")
    for _ in range(6):
        ec2.allocate_address(Domain="vpc")

def test_with_all_rules(strict_aws, strict_clock):
    with pytest.raises(ClientError, match="AddressLimitExceeded"):
        six(strict_aws)
    strict_aws.session.client("ec2").get_waiter("vpc_available").wait()
    assert strict_clock.seconds < 1

@pytest.mark.strict_aws(off=["ec2.quotas"])
def test_without_one(strict_aws):
    six(strict_aws)

@pytest.mark.strict_aws(only=["kms.*", "ec2.pending"])
def test_with_some(strict_aws):
    six(strict_aws)
    assert "ec2.pending" in strict_aws.rules

def test_waiters_cost_nothing(strict_aws, strict_clock):
    ec2 = strict_aws.session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.get_waiter("vpc_exists").wait(VpcIds=[vpc])
    ec2.get_waiter("vpc_available").wait(VpcIds=[vpc])
    assert strict_clock.seconds >= 6
"""


def test_fixtures_marker_and_option(pytester: pytest.Pytester) -> None:
    """A project's tests meet the rules, but for those that it switches off."""
    pytester.makepyfile(TESTS)
    plugin = ("-p", "provisioner.strict.plugin", "-p", "no:cacheprovider")
    pytester.runpytest_subprocess(*plugin, "-W", "ignore").assert_outcomes(passed=4)
    off = pytester.runpytest_subprocess(*plugin, "-W", "ignore", "--strict-aws-off", "ec2.quotas")
    off.assert_outcomes(passed=3, failed=1)


def test_the_example_of_the_page_does_what_the_page_says(pytester: pytest.Pytester) -> None:
    """docs/strict.md: the first test fails with AWS's code, the second passes."""
    example = PAGE.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    pytester.makepyfile(example)
    plugin = ("-p", "provisioner.strict.plugin", "-p", "no:cacheprovider", "-W", "ignore")
    ran = pytester.runpytest_subprocess(*plugin)
    ran.assert_outcomes(passed=1, failed=1)
    ran.stdout.fnmatch_lines(["*WaiterError*VpcAvailable*InvalidVpcID.NotFound*"])


def test_a_run_that_does_not_use_it_pays_nothing(pytester: pytest.Pytester) -> None:
    """Every run of pytest loads the plugin; none loads an AWS library for it."""
    seen = "import sys, provisioner.strict.plugin; print('botocore' in sys.modules)"
    assert pytester.runpython_c(seen).outlines == ["False"]


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    """Where an emulator listens that is a process of its own."""
    room = Room(tmp_path)
    yield control.start(room).endpoint
    control.stop(room)


def test_the_layer_stands_over_a_server(
    endpoint: str, clock: strict.VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it needs the emulator to be in the process: the same rules hold over HTTP."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    layer = strict.attach(boto3.Session(region_name="eu-central-1"), clock=clock)
    ec2 = layer.session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.7/16")["Vpc"]
    assert (vpc["State"], vpc["CidrBlock"]) == ("pending", "10.9.0.0/16")
    with pytest.raises(ClientError, match="InvalidVpcID"):
        ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])
    clock.sleep(10)
    assert ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["State"] == "available"
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    clock.sleep(10)
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc["VpcId"])
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc["VpcId"])
