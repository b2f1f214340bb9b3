"""A function to stand on, made with plain boto3."""

from __future__ import annotations

import io
import json
import zipfile

import boto3


def role(session: boto3.Session, name: str = "runner") -> str:
    """The ARN of a role that Lambda may take."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    made = session.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(trust)
    )
    return made["Role"]["Arn"]


def function(session: boto3.Session, name: str) -> str:
    """A function's name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): return event\n")
    session.client("lambda").create_function(
        FunctionName=name,
        Role=role(session),
        Runtime="python3.13",
        Handler="handler.handler",
        Code={"ZipFile": data.getvalue()},
    )
    return name
