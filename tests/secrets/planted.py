"""A stack that holds secrets in every place that can keep one, and the search for them."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import boto3

from provisioner.manifest import load
from provisioner.stack import Stack
from tests.conftest import REGION

ENVIRONMENT = "environment-7f3a9c-token"
AWKWARD = 'v"är\\iable: ${x} & <more>/7'
OVERLAY = "overlay-51c2-password"
TOKEN = "url-token-88ad1e"
SHORT = "p4ss"
NEWS = {
    ENVIRONMENT: "environment-0042-other",
    AWKWARD: "variable'0042' other%20",
    OVERLAY: "overlay-0042-other",
    SHORT: "0r42",
}
"""What the secrets become."""
ALL = {ENVIRONMENT, AWKWARD, OVERLAY, TOKEN, SHORT, *NEWS.values()}

MANIFEST = """
stack: clinic
variables:
  token: {env: API_TOKEN, secret: true}
  address: {default: "https://hooks.example.com/in"}
resources:
  role:
    kind: iam.role
    role_name: clinic
    assume_role_policy:
      Statement:
        - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
  function:
    kind: lambda.function
    function_name: clinic
    code: code
    role: ${role.arn}
    runtime: python3.13
    handler: handler.handler
    environment: {TOKEN: "${env.TOKEN}", ROLE: "${role.arn}", PIN: "${env.PIN}"}
  topic: {kind: sns.topic, name: clinic}
  hook:
    kind: sns.subscription
    topic_arn: ${topic.arn}
    protocol: https
    endpoint: ${var.address}?token=%s
  parameter: {kind: ssm.parameter, name: /clinic/token, value: "${var.token}"}
  other: {kind: ssm.parameter, name: /clinic/other, value: none}
outputs:
  parameter: ${parameter.arn}
"""
OVERLAYS = "resources: {other: {value: %s}}\n"


def written(folder: Path) -> Path:
    """The manifest with its overlays, in a folder."""
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "handler.py").write_text("def handler(event, context): ...\n")
    (folder / "clinic.yaml").write_text(MANIFEST % TOKEN, encoding="utf-8")
    (folder / "overlays").mkdir()
    for name, value in (("first", OVERLAY), ("second", NEWS[OVERLAY])):
        (folder / "overlays" / f"{name}.yaml").write_text(OVERLAYS % value, encoding="utf-8")
    return folder


def environment(*, changed: bool = False) -> dict[str, str]:
    """What the manifest takes from the environment."""
    first = {"TOKEN": ENVIRONMENT, "API_TOKEN": AWKWARD, "PIN": SHORT}
    return {name: NEWS[value] if changed else value for name, value in first.items()}


def stack(folder: Path, *, changed: bool = False) -> Stack:
    """What the manifest wants."""
    overlay = "second" if changed else "first"
    return Stack.of(load(folder, overlay=overlay, environment=environment(changed=changed)))


def found_in(text: str) -> set[str]:
    """The secrets that stand in a text, however they are written there."""
    return {secret for secret in ALL if any(form in text for form in _forms(secret))}


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield json.dumps(json.dumps(secret))[1:-1]
    yield repr(secret)[1:-1]
    yield quote(secret, safe="")
    yield quote_plus(secret)
    if len(secret) > 8:
        yield base64.b64encode(secret.encode()).decode()


def stored() -> str:
    """Every item of the inventory's table."""
    pages = boto3.client("dynamodb", region_name=REGION).get_paginator("scan")
    items = pages.paginate(TableName="provisioner-inventory", ConsistentRead=True)
    return "\n".join(str(item) for page in items for item in page["Items"])


def told(error: BaseException) -> str:
    """All that can be read of an error: what is printed at -vv, what it carries, what is behind."""
    texts = ["".join(traceback.format_exception(error))]
    seen: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in seen:
            seen.append(one)
            texts += [str(one), repr(one), repr(one.args), repr(vars(one))]
            waiting += [one.__cause__, one.__context__]
    return "\n".join(texts)
