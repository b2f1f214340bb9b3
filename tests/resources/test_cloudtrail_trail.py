"""cloudtrail.trail: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import json

import boto3

from provisioner.lifecycle import Json
from provisioner.resources.cloudtrail_trail import CloudtrailTrailSpec, ensure_cloudtrail_trail
from tests.contract.case import Case
from tests.resources import _roles

SERVICE = "cloudtrail.amazonaws.com"
GROUP = "arn:aws:logs:eu-central-1:123456789012:log-group:trail:*"


def bucket(session: boto3.Session, name: str = "audit") -> str:
    place = {"LocationConstraint": session.region_name}
    s3 = session.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)  # type: ignore[arg-type]
    allow = {"Effect": "Allow", "Principal": {"Service": SERVICE}}
    may = [
        {**allow, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{name}"},
        {**allow, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{name}/*"},
    ]
    s3.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": may})
    )
    return name


def _logs(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    session.client("logs").create_log_group(logGroupName="trail")
    role = _roles.role(session, "trail", SERVICE, "logs:*")
    return {"cloud_watch_logs_log_group_arn": GROUP, "cloud_watch_logs_role_arn": role}


def _settings(session: boto3.Session) -> dict[str, Json]:
    return {"name": "contract", "s3_bucket_name": bucket(session), "tags": {"Name": "contract"}}


def _alive(session: boto3.Session, id_: str) -> bool:
    listed = session.client("cloudtrail").describe_trails()["trailList"]
    return id_ in [trail["Name"] for trail in listed]


CASE = Case(
    kind="cloudtrail.trail",
    settings=_settings,
    alive=_alive,
    changes={
        "name": {"name": "other"},
        "s3_bucket_name": {},
        "s3_key_prefix": {"s3_key_prefix": "trail"},
        "logs": {"cloud_watch_logs_log_group_arn": GROUP, "cloud_watch_logs_role_arn": ""},
        "is_multi_region_trail": {"is_multi_region_trail": False},
        "include_global_service_events": {
            "include_global_service_events": False,
            "is_multi_region_trail": False,
        },
        "enable_log_file_validation": {"enable_log_file_validation": False},
        "event_selectors": {
            "event_selectors": [
                {"data_resources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3:::data/"]}]}
            ]
        },
        "logging": {"logging": False},
    },
    prepare={
        "s3_bucket_name": lambda session, _: {"s3_bucket_name": bucket(session, "audit-2")},
        "kms_key": lambda session, _: {"kms_key": _roles.key(session, SERVICE)},
        "logs": _logs,
    },
)


def test_it_logs_from_the_start(session: boto3.Session) -> None:
    """AWS makes trails that do nothing; ours records at once, everywhere, with validation."""
    spec = CloudtrailTrailSpec(name="trail", s3_bucket_name=bucket(session))
    ensure_cloudtrail_trail(session, spec)
    client = session.client("cloudtrail")
    assert client.get_trail_status(Name="trail")["IsLogging"] is True
    [trail] = client.describe_trails()["trailList"]
    assert (trail["IsMultiRegionTrail"], trail["LogFileValidationEnabled"]) == (True, True)
