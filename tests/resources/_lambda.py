"""A function to stand on, made with plain boto3."""

from __future__ import annotations

import io
import zipfile

import boto3

from tests.resources import _roles

NEEDED = ("ec2:*NetworkInterface*", "sqs:SendMessage", "sns:Publish", "xray:Put*")
"""What Lambda asks of a role for a VPC, dead letters and tracing."""


def role(session: boto3.Session, name: str = "runner") -> str:
    """The ARN of a role that Lambda may take."""
    return _roles.role(session, name, "lambda.amazonaws.com", *NEEDED)


def function(session: boto3.Session, name: str) -> str:
    """A function's name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): return event\n")
    session.client("lambda").create_function(
        FunctionName=name,
        Role=role(session, f"runner-of-{name}"),
        Runtime="python3.13",
        Handler="handler.handler",
        Code={"ZipFile": data.getvalue()},
    )
    return name
