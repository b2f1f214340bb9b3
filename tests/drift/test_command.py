"""`drift` on the command line: what it shows, its exit codes, its ignore file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from jsonschema import Draft202012Validator

from provisioner.cli import run
from tests.conftest import VirtualClock

MANIFEST = """
stack: shop
tags: {Owner: care}
resources:
  orders: {kind: sqs.queue, queue_name: orders, visibility_timeout: 30}
  late: {kind: sqs.queue, queue_name: late}
  news: {kind: sns.topic, name: news}
"""
IGNORE = """
ignore:
  - address: order*
    fields: [visibility_timeout, tags]
    reason: the scaler sets it
  - address: [news, late]
    fields: extra *
    reason: partners subscribe
    until: "2099-12-31"
  - address: late
    reason: was moved by hand
    until: "2020-01-01"
"""
SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "drift.json"
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(session: boto3.Session, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run one command: its code, what it said, and what it said beside."""

    def command(*words: str) -> tuple[int, str, str]:
        code = run(words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualClock:
    """The time of every command."""
    made = VirtualClock()
    monkeypatch.setattr("provisioner.aws.clients.SystemClock", lambda: made)
    return made


@pytest.fixture
def touched(session: boto3.Session, say: Say, tmp_path: Path, clock: VirtualClock) -> None:
    """A stack was applied; hands changed a queue, deleted one, and subscribed to the topic."""
    manifest = tmp_path / "shop.yaml"
    manifest.write_text(MANIFEST)
    assert say("apply", str(manifest), "--yes")[0] == 0
    clock.sleep(3600)
    sqs, sns = session.client("sqs"), session.client("sns")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="late")["QueueUrl"])
    topic = sns.list_topics()["Topics"][0]["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="mallory@example.com")


def test_no_drift_exits_with_0(session: boto3.Session, say: Say, tmp_path: Path) -> None:
    """And says so."""
    (tmp_path / "shop.yaml").write_text(MANIFEST)
    say("apply", str(tmp_path), "--yes")
    code, out, _ = say("drift", "shop")
    assert (code, out.splitlines()[-1]) == (0, "No drift: 3 resources as last applied.")


def test_drift_exits_with_5_and_shows_both_sides(touched: None, say: Say) -> None:
    """By resource and field; what is gone, what was added, and who did it."""
    code, out, _ = say("drift", "shop")
    words = " ".join(out.split())
    assert code == 5
    assert "~ changed orders sqs.queue" in words
    assert "visibility_timeout: 30 → 77" in words
    assert "- gone late sqs.queue" in words
    assert "+ added to news sns.topic" in words
    assert "extra subscription:" in words
    assert "mallory" not in words
    assert "by arn:aws:iam::123456789012:user/local" in words
    assert "Drift: 3 resources of 3 drifted, 1 gone, 1 addition." in words


def test_programs_get_the_same(touched: None, say: Say) -> None:
    """In one document."""
    code, out, _ = say("drift", "shop", "--json")
    [document] = [json.loads(line) for line in out.splitlines()]
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert (code, document["drifted"], document["compared"]) == (5, True, 3)
    assert {(one["address"], one["field"]) for one in document["drifts"]} == {
        ("orders", "visibility_timeout"),
        ("late", "gone"),
        ("news", "extra subscription"),
    }
    assert set(document["culprits"]) == {"orders", "late", "news"}


def test_what_is_ignored_is_counted_and_shown_on_request(
    touched: None, say: Say, tmp_path: Path
) -> None:
    """With its reason; an entry whose time is over ignores nothing and says so."""
    file = tmp_path / "drift.yaml"
    file.write_text(IGNORE)
    code, out, _ = say("drift", "shop", "--ignore", str(file))
    words = " ".join(out.split())
    assert code == 5
    assert "orders" not in words
    assert "1 resource of 3 drifted, 1 gone. 2 ignored." in words
    assert f"{file}:10:5: this ended on 2020-01-01" in words
    _, full, _ = say("drift", "shop", "--ignore", str(file), "--full")
    assert "visibility_timeout: 30 → 77 (ignored: the scaler sets it)" in " ".join(full.split())
    file.write_text(IGNORE.replace("2020-01-01", "2099-01-01"))
    assert say("drift", "shop", "--ignore", str(file))[0] == 0


WRONG = {
    "ignore:\n  - adress: x\n    reason: y\n": (
        ":2:5",
        "no field 'adress'. Did you mean 'address'",
    ),
    "ignore:\n  - address: x\n": (":2:5", "reason is missing"),
    "ignore:\n  - {address: x, reason: y, until: soon}\n": (":2:29", "is no day"),
    "ignore:\n  - {address: orders, reason: y, fields: [visibilty_timeout]}\n": (
        ":2:5",
        "Did you mean 'visibility_timeout'",
    ),
    "ignored: []\n": (":1:1", "no field 'ignored'"),
}


def test_a_wrong_ignore_file_is_told_with_its_place(
    touched: None, say: Say, tmp_path: Path
) -> None:
    """A word that means nothing would ignore nothing, or everything."""
    file = tmp_path / "drift.yaml"
    for text, (place, says) in WRONG.items():
        file.write_text(text)
        code, _, err = say("drift", "shop", "--ignore", str(file))
        assert code == 1, text
        assert f"{file}{place}" in err
        assert says in err
    code, _, err = say("drift", "shop", "--ignore", str(tmp_path / "none.yaml"))
    assert (code, "none.yaml can't be read" in err) == (1, True)


def test_a_repair_is_shown_and_asked_for(
    touched: None, say: Say, session: boto3.Session, clock: VirtualClock
) -> None:
    """Named addresses, or all; what came of it is told as of any run, and stands in the history."""
    code, _, err = say("drift", "shop", "--repair")
    assert (code, "--yes" in err) == (1, True)
    code, out, _ = say("drift", "shop", "--repair", "orders", "--repair", "news", "--yes")
    words = " ".join(out.split())
    assert code == 0
    assert "visibility_timeout: 77 → 30" in words
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert found["Attributes"] == {"VisibilityTimeout": "30"}
    assert "repair" in say("history", "shop")[1]
    assert say("drift", "shop", "--repair", "--yes")[0] == 0
    clock.sleep(3600)
    assert say("drift", "shop")[0] == 0
