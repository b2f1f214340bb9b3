"""`--target`, `--exclude`, `--replace`, `--fail-fast` and `--wait` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest

from provisioner.cli import run

MANIFEST = """
stack: work
resources:
  inbox: {kind: sqs.queue, queue_name: inbox}
  outbox: {kind: sqs.queue, queue_name: outbox}
  news: {kind: sns.topic, name: news}
  letters:
    kind: sns.subscription
    topic_arn: ${news.arn}
    protocol: sqs
    endpoint: ${inbox.arn}
"""


def test_the_words_reach_the_plan(
    session: boto3.Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each option narrows what is planned, applied and torn down; a wrong name names the right."""
    file = tmp_path / "work.yaml"
    file.write_text(MANIFEST)

    def said(*words: str) -> tuple[int, str]:
        code = run(words)
        told = capsys.readouterr()
        return code, told.out + told.err

    code, out = said("plan", str(file), "--target", "letters", "--json")
    document = json.loads(out)
    assert code == 0
    assert {c["address"] for c in document["changes"]} == {"inbox", "news", "letters"}
    assert document["scope"]["left"] == ["outbox"]
    assert said("plan", str(file), "--target", "leters")[1].startswith(
        "error: Nothing was planned: there is no resource 'leters'. Did you mean 'letters'?"
    )
    code, out = said(
        "apply", str(file), "--exclude", "news", "--wait", "created", "--fail-fast", "--yes"
    )
    assert code == 0
    assert "Without news." in out
    assert "Left as it is: letters." in out
    assert session.client("sns").list_topics()["Topics"] == []
    code, out = said("plan", str(file), "--replace", "outbox", "--target", "outbox")
    assert code == 0
    assert "± replace outbox" in out.replace("  ", " ")
    assert "asked for" in out
    assert said("teardown", "work", "--target", "inbox", "--yes")[0] == 0
    queues = session.client("sqs").list_queues()["QueueUrls"]
    assert [url.rpartition("/")[2] for url in queues] == ["outbox"]
