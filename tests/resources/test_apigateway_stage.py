"""apigateway.stage: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3
import pytest
from pydantic import ValidationError

from provisioner.aws.calls import Ledger
from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json
from provisioner.lifecycle.ensure import validated
from provisioner.local import gaps
from provisioner.resources._apigateway_methods import as_method_settings, observed_settings
from provisioner.resources.apigateway_stage import RESOURCE, ensure_apigateway_stage
from tests.contract.case import Case
from tests.resources._roles import role
from tests.resources.test_apigateway_deployment import make_api

gaps.fill()

GROUP = "arn:aws:logs:eu-central-1:123456789012:log-group:/api/health"
ALL: dict[str, Json] = {
    "metrics_enabled": True,
    "logging_level": "INFO",
    "throttling_rate_limit": 50,
    "throttling_burst_limit": 100,
}


def _deploy(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    api = str(settings["rest_api_id"])
    deployment = session.client("apigateway").create_deployment(restApiId=api)
    return {"deployment_id": deployment["id"]}


def _another_api(session: boto3.Session, settings: dict[str, Json]) -> dict[str, Json]:
    api: dict[str, Json] = {"rest_api_id": make_api(session)}
    return api | _deploy(session, api)


def _settings(session: boto3.Session) -> dict[str, Json]:
    logger = role(session, "api-logs", "apigateway.amazonaws.com", "logs:PutLogEvents")
    session.client("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": logger}]
    )
    api: dict[str, Json] = {"rest_api_id": make_api(session)}
    return {
        **api,
        **_deploy(session, api),
        "stage_name": "prod",
        "description": "first",
        "variables": {"colour": "green", "size": "small"},
        "tracing_enabled": True,
        "access_log_settings": {
            "destination_arn": f"{GROUP}:*",
            "format": '{"id": "$context.requestId"}',
        },
        "method_settings": {"*/*": dict(ALL), "/data/POST": {"logging_level": "ERROR"}},
        "tags": {"Name": "prod"},
    }


def _alive(session: boto3.Session, id_: str) -> bool:
    api, _, stage = id_.partition("|")
    stages = session.client("apigateway").get_stages(restApiId=api)["item"]
    return stage in {item["stageName"] for item in stages}


CASE = Case(
    kind="apigateway.stage",
    settings=_settings,
    alive=_alive,
    changes={
        "stage_name": {"stage_name": "test"},
        "deployment_id": {},
        "description": {"description": "second"},
        "variables": {"variables": {"colour": "blue", "shape": "round"}},
        "tracing_enabled": {"tracing_enabled": False},
        "cache_cluster_enabled": {"cache_cluster_enabled": True, "cache_cluster_size": "1.6"},
        "access_log_settings": {"access_log_settings": None},
        "method_settings": {
            "method_settings": {
                "/data/POST": {"logging_level": "OFF", "throttling_rate_limit": 5.5},
                "//GET": {"caching_enabled": True, "cache_ttl_in_seconds": 60},
            }
        },
        "client_certificate_id": {"client_certificate_id": "abc123"},
    },
    prepare={"rest_api_id": _another_api, "deployment_id": _deploy},
)


def test_alone_from_a_script(session: boto3.Session) -> None:
    """A create and an update make the stage, and AWS has every setting of its methods."""
    ensured = ensure_apigateway_stage(session, validated(RESOURCE, _settings(session)))
    api = ensured.id.partition("|")[0]
    stage = session.client("apigateway").get_stage(restApiId=api, stageName="prod")
    assert stage["accessLogSettings"]["destinationArn"] == GROUP
    assert set(stage["methodSettings"]) == {"*/*", "~1data/POST"}
    every = stage["methodSettings"]["*/*"]
    assert (every["loggingLevel"], every["metricsEnabled"]) == ("INFO", True)
    assert (every["throttlingRateLimit"], every["throttlingBurstLimit"]) == (50.0, 100)
    assert every["dataTraceEnabled"] is False
    assert ensured.attributes["invoke_url"] == (
        f"https://{api}.execute-api.eu-central-1.amazonaws.com/prod"
    )


def test_all_changes_are_one_call(session: boto3.Session, aws: Aws) -> None:
    """However much differs, a stage is patched once."""
    settings = _settings(session)
    ensure_apigateway_stage(aws, validated(RESOURCE, settings))
    changed = settings | {"description": "x", "variables": {}, "method_settings": {}}
    ledger = Ledger()
    counted = aws.permitting(lambda _: None, ledger)
    ensure_apigateway_stage(counted, validated(RESOURCE, changed))
    assert ledger.writes == ledger.counts["apigateway.UpdateStage"] == 1


def test_defaults_that_aws_fills_in_are_no_difference() -> None:
    """Unlimited throttling, no logging and the settings of a cache that is off say nothing."""
    answer = {
        "*/*": {
            "metricsEnabled": False,
            "dataTraceEnabled": False,
            "throttlingBurstLimit": -1,
            "throttlingRateLimit": -1.0,
            "cachingEnabled": False,
            "cacheTtlInSeconds": 300,
            "cacheDataEncrypted": False,
            "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
        }
    }
    assert as_method_settings(observed_settings(answer)) == {
        "*/*": {
            "metrics_enabled": False,
            "logging_level": "OFF",
            "data_trace_enabled": False,
            "caching_enabled": False,
        }
    }


def test_an_access_log_names_the_request() -> None:
    """AWS refuses a format without the request's id, so it is refused before."""
    settings: dict[str, Json] = {
        "rest_api_id": "a",
        "stage_name": "prod",
        "deployment_id": "d",
        "access_log_settings": {"destination_arn": GROUP, "format": "$context.status"},
    }
    with pytest.raises(ValidationError, match=r"must hold \$context.requestId"):
        validated(RESOURCE, settings)
