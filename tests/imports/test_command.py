"""`import` on the command line, and what `apply --adopt` makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from jsonschema import Draft202012Validator

from provisioner.cli import run
from provisioner.manifest.yamltree import parse
from tests.conftest import REGION, VirtualClock
from tests.drift.ground import ACCOUNT, trust, zipped
from tests.e2e.alive import alive
from tests.ownership.hands import HANDS

BASE = """
stack: clinic
tags: {Owner: care}
resources:
  key: {kind: kms.key, alias: alias/clinic}
  dead: {kind: sqs.queue, queue_name: dead-letters}
"""
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:theirs"
SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "import.json"
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(
    session: boto3.Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Say:
    """Run one command: its code, what it said, and what it said beside."""
    clock = VirtualClock()
    monkeypatch.setattr("provisioner.aws.clients.SystemClock", lambda: clock)

    def command(*words: str) -> tuple[int, str, str]:
        code = run(words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


@pytest.fixture
def base(say: Say, tmp_path: Path) -> Path:
    """A stack that stands."""
    (tmp_path / "stack.yaml").write_text(BASE)
    assert say("apply", str(tmp_path), "--yes")[0] == 0
    return tmp_path


def make_queue(session: boto3.Session, **attributes: Any) -> str:
    sqs: Any = session.client("sqs")
    url: str = sqs.create_queue(
        QueueName="theirs", Attributes=attributes, tags={"Owner": "care", "Team": "theirs"}
    )["QueueUrl"]
    return url


def make_function(session: boto3.Session, name: str) -> None:
    session.client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(trust()),
    )
    session.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/{name}",
        Handler="handler.handler",
        Code={"ZipFile": zipped()},
        Environment={"Variables": {"API_TOKEN": "sesame-opens", "QUEUE": QUEUE}},
        Tags={"Team": "theirs"},
    )


def test_an_entry_refers_to_what_is_at_hand(base: Path, say: Say, session: boto3.Session) -> None:
    """Values of the stack become references, its tags and all defaults are left out."""
    key = session.client("kms").describe_key(KeyId="alias/clinic")["KeyMetadata"]["Arn"]
    dead = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead-letters"
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 3})
    make_queue(session, KmsMasterKeyId=key, VisibilityTimeout="45", RedrivePolicy=redrive)
    code, out, err = say("import", "sqs.queue", "theirs", "--manifest", str(base), "--as", "inbox")
    entry = parse(out, "").value
    assert code == 0
    assert isinstance(entry, dict)
    assert entry["resources"] == {
        "inbox": {
            "kind": "sqs.queue",
            "queue_name": "theirs",
            "visibility_timeout": 45,
            "kms_key": "${key.arn}",
            "redrive_policy": {"dead_letter_target_arn": "${dead.arn}", "max_receive_count": 3},
            "tls_only": False,
            "tags": {"Team": "theirs"},
        }
    }
    assert "apply MANIFEST --adopt" in err


def test_adopting_needs_the_flag_and_says_what_changes(
    base: Path, say: Say, session: boto3.Session
) -> None:
    """Without it nothing is done; with it the object is taken, and no teardown deletes it."""
    url = make_queue(session, VisibilityTimeout="45")
    entries = base / "taken.yaml"
    assert say("import", "sqs.queue", "theirs", "--out", str(entries))[0] == 0
    code, _, err = say("plan", str(base))
    assert (code, "is not ours; adopting it changes nothing of it" in " ".join(err.split())) == (
        1,
        True,
    )
    assert "adopt" in say("plan", str(base), "--adopt")[1]
    assert "theirs" not in say("inventory", "list", "clinic")[1]
    entries.write_text(entries.read_text().replace("45", "60"))
    code, _, err = say("apply", str(base), "--yes")
    assert code == 1
    assert "is not ours; adopting it changes its visibility_timeout" in " ".join(err.split())
    assert "adopt it with --adopt" in err
    entries.write_text(entries.read_text().replace("60", "45"))
    before = HANDS["sqs.queue"].told(session.client, "theirs")  # type: ignore[arg-type]
    code, out, _ = say("apply", str(base), "--adopt", "--yes")
    assert (code, "adopt" in out) == (0, True)
    after = HANDS["sqs.queue"].told(session.client, "theirs")  # type: ignore[arg-type]
    assert after == before
    assert "No changes" in say("plan", str(base))[1]
    assert say("teardown", "clinic", "--yes")[0] == 0
    assert alive(session)["queue"] == [url]


def test_an_object_without_a_name_is_adopted_by_its_id(
    say: Say, session: boto3.Session, tmp_path: Path
) -> None:
    """A network and its parts: no second one is made; an id that is not there stops the plan."""
    ec2 = session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "Old network"}])
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    ec2.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": "Zone A"}])
    file = tmp_path / "net.yaml"
    file.write_text("stack: net\n")
    assert say("import", "ec2.vpc", "Old network", "--out", str(file))[0] == 0
    assert say("import", "ec2.subnet", subnet, "--manifest", str(file), "--out", str(file))[0] == 0
    assert "vpc_id: ${old_network.id}" not in file.read_text()
    file.write_text(file.read_text().replace(f"vpc_id: {vpc}", "vpc_id: ${old_network.id}"))
    before = len(ec2.describe_vpcs()["Vpcs"])
    code, out, _ = say("apply", str(file), "--adopt", "--yes")
    assert (code, "2 adopted" in out) == (0, True), out
    assert len(ec2.describe_vpcs()["Vpcs"]) == before
    assert "No changes" in say("plan", str(file))[1]
    file.write_text(file.read_text().replace("stack: net", "stack: other").replace(vpc, "vpc-none"))
    code, _, err = say("plan", str(file), "--adopt")
    assert code == 1
    assert "there is no ec2.vpc vpc-none to adopt" in err


def test_secrets_are_variables_and_never_shown(say: Say, session: boto3.Session) -> None:
    """Neither in the entry nor beside it, however much is shown."""
    make_function(session, "worker")
    code, out, err = say("import", "lambda.function", "worker", "--json", "-vv")
    assert (code, "sesame-opens" in out + err) == (0, False)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(out))
    _, out, err = say("import", "lambda.function", "worker")
    assert "sesame-opens" not in out + err
    entry = parse(out, "").value
    assert isinstance(entry, dict)
    assert entry["variables"] == {
        "worker_api_token": {
            "secret": True,
            "description": "worker.environment.API_TOKEN, as it is in AWS",
        }
    }
    assert "API_TOKEN: ${var.worker_api_token}" in out.replace("'", "")
    assert QUEUE in out
    assert "code: TODO/worker" in out
    assert "worker.code: the folder of its sources" in " ".join(err.split())


def test_everything_with_a_tag_is_imported_with_its_parts(
    base: Path, say: Say, session: boto3.Session
) -> None:
    """They refer to each other; what is of no kind, or another's, is told with the reason."""
    make_function(session, "worker")
    session.client("lambda").add_permission(
        FunctionName="worker",
        StatementId="theirs",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=f"arn:aws:events:{REGION}:{ACCOUNT}:rule/theirs",
    )
    make_queue(session)
    session.client("iam").tag_role(RoleName="worker", Tags=[{"Key": "Team", "Value": "theirs"}])
    session.client("ec2").create_volume(
        AvailabilityZone=f"{REGION}a",
        Size=1,
        TagSpecifications=[
            {"ResourceType": "volume", "Tags": [{"Key": "Team", "Value": "theirs"}]}
        ],
    )
    session.client("sqs").tag_queue(
        QueueUrl=session.client("sqs").get_queue_url(QueueName="dead-letters")["QueueUrl"],
        Tags={"Team": "theirs"},
    )
    code, out, err = say("import", "--tag", "Team=theirs")
    entry = parse(out, "").value
    assert code == 0
    assert isinstance(entry, dict)
    resources = entry["resources"]
    assert isinstance(resources, dict)
    kinds = {name: one["kind"] for name, one in resources.items() if isinstance(one, dict)}
    assert sorted(map(str, kinds.values())) == [
        "iam.role",
        "lambda.function",
        "lambda.permission",
        "sqs.queue",
    ]
    assert "role: ${" in out
    assert "function_name: ${" in out
    words = " ".join(err.split())
    assert "volume" in words
    assert "there is no kind for it" in words
    assert "it is dead of stack clinic" in words


WRONG = {
    ("sqs.queu", "x"): "sqs.queue",
    ("sqs.queue", "none"): "There is no sqs.queue 'none'",
    ("sqs.queue", "dead-letters"): "it is dead of stack clinic",
    ("sqs.queue",): "Name KIND and ID",
    ("--tag", "a=b", "--as", "x"): "--as goes with KIND and ID",
    ("sqs.queue", "other", "--as", "a b"): "'a b' is no name for a resource",
    ("sqs.queue", "other", "--out", "/nowhere/x.yaml"): "/nowhere/x.yaml can't be read or written",
}


def test_what_can_not_be_imported_says_why(base: Path, say: Say, session: boto3.Session) -> None:
    """A kind or object that is not there, and one that somebody has already."""
    session.client("sqs").create_queue(QueueName="other")
    for words, says in WRONG.items():
        code, out, err = say("import", *words)
        assert code != 0, words
        assert says in " ".join(err.split())
        assert "resources:" not in out
    words = ("--manifest", str(base), "--as", "dead")
    assert "There is a resource 'dead' already" in say("import", "sqs.queue", "other", *words)[2]


def test_a_deployment_says_why_it_is_not_imported(say: Say, session: boto3.Session) -> None:
    """It is a snapshot; the API it was made of can be imported."""
    api = session.client("apigateway")
    id_ = api.create_rest_api(name="theirs")["id"]
    root = api.get_resources(restApiId=id_)["items"][0]["id"]
    api.put_method(restApiId=id_, resourceId=root, httpMethod="GET", authorizationType="NONE")
    api.put_integration(restApiId=id_, resourceId=root, httpMethod="GET", type="MOCK")
    deployment = api.create_deployment(restApiId=id_)["id"]
    code, _, err = say("import", "apigateway.deployment", f"{id_}|{deployment}")
    assert (code, "it is a snapshot of an API" in err) == (1, True)
