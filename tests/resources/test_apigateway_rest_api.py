"""apigateway.rest_api: what is special about it; the rest is in the contract suite."""

from __future__ import annotations

import boto3
import pytest
from pydantic import ValidationError

from provisioner.aws.calls import Ledger
from provisioner.aws.clients import Aws
from provisioner.lifecycle import Json, differences, settings_of
from provisioner.lifecycle.ensure import validated
from provisioner.local import gaps
from provisioner.resources._apigateway_definition import definition_of
from provisioner.resources.apigateway_rest_api import (
    RESOURCE,
    ApigatewayRestApiSpec,
    ensure_apigateway_rest_api,
)
from tests.contract.case import Case

gaps.fill()

FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:"
URI = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{}/invocations"


def _proxy(function: str) -> dict[str, Json]:
    return {"type": "AWS_PROXY", "uri": URI.format(FUNCTION + function)}


CORS: dict[str, Json] = {
    "authorization_type": "NONE",
    "integration": {
        "type": "MOCK",
        "request_templates": {"application/json": '{"statusCode": 200}'},
        "responses": {
            "200": {
                "response_parameters": {
                    "method.response.header.Access-Control-Allow-Origin": "'https://example.org'"
                }
            }
        },
    },
    "responses": {"200": {"response_headers": ["Access-Control-Allow-Origin"]}},
}
PATIENT: Json = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
}
DATA: dict[str, Json] = {
    "POST": {
        "authorization_type": "AWS_IAM",
        "request_validator": "body",
        "request_models": {"application/json": "Patient"},
        "integration": _proxy("data"),
    },
    "GET": {
        "authorization_type": "AWS_IAM",
        "api_key_required": True,
        "request_validator": "parameters",
        "request_parameters": {"method.request.querystring.id": True},
        "integration": _proxy("data"),
    },
    "OPTIONS": CORS,
}
HEALTH: dict[str, Json] = {"authorization_type": "NONE", "integration": _proxy("health")}
VALIDATORS: dict[str, Json] = {
    "body": {"validate_request_body": True},
    "parameters": {"validate_request_parameters": True},
}
POLICY: Json = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "execute-api:/*",
        }
    ],
}
API: dict[str, Json] = {
    "name": "health",
    "description": "first",
    "resources": {"/data": DATA, "/health": {"GET": HEALTH}},
    "models": {"Patient": PATIENT},
    "request_validators": VALIDATORS,
    "tags": {"Name": "health"},
}


def _settings(session: boto3.Session) -> dict[str, Json]:
    return dict(API)


def _alive(session: boto3.Session, id_: str) -> bool:
    return id_ in {api["id"] for api in session.client("apigateway").get_rest_apis()["items"]}


TOKEN: dict[str, Json] = {
    "authorizers": {
        "tokens": {
            "type": "TOKEN",
            "authorizer_uri": URI.format(FUNCTION + "tokens"),
            "authorizer_result_ttl_in_seconds": 60,
            "identity_validation_expression": "^Bearer .+",
        }
    },
    "resources": {
        "/data/{id+}": {
            "ANY": {
                "authorization_type": "CUSTOM",
                "authorizer": "tokens",
                "integration": _proxy("data"),
            }
        }
    },
}

CASE = Case(
    kind="apigateway.rest_api",
    settings=_settings,
    alive=_alive,
    changes={
        "name": {"name": "other"},
        "description": {"description": "second"},
        "endpoint_configuration": {"endpoint_configuration": {"types": ["EDGE"]}},
        "endpoints": {
            "endpoint_configuration": {"types": ["PRIVATE"], "vpc_endpoint_ids": ["vpce-1"]}
        },
        "api_key_source": {"api_key_source": "AUTHORIZER"},
        "binary_media_types": {"binary_media_types": ["image/png", "application/pdf"]},
        "minimum_compression_size": {"minimum_compression_size": 1024},
        "disable_execute_api_endpoint": {"disable_execute_api_endpoint": True},
        "policy": {"policy": POLICY},
        "resources": {"resources": {"/health": {"GET": HEALTH}}},
        "models": {"models": {"Patient": {"type": "object"}}},
        "request_validators": {
            "request_validators": VALIDATORS | {"body": {"validate_request_parameters": True}}
        },
        "authorizers": TOKEN,
        "gateway_responses": {
            "gateway_responses": {
                "DEFAULT_4XX": {"response_templates": {"application/json": '{"message": "no"}'}}
            }
        },
    },
)


def test_alone_from_a_script(session: boto3.Session) -> None:
    """Two writes make the whole API, and AWS has each method as it was asked."""
    ensured = ensure_apigateway_rest_api(session, validated(RESOURCE, API))
    client = session.client("apigateway")
    resources = client.get_resources(restApiId=ensured.id, embed=["methods"])["items"]
    methods = {item["path"]: item.get("resourceMethods", {}) for item in resources}
    assert set(methods) == {"/", "/data", "/health"}
    assert methods["/data"]["POST"]["authorizationType"] == "AWS_IAM"
    assert methods["/data"]["POST"]["methodIntegration"]["httpMethod"] == "POST"
    assert methods["/data"]["GET"]["requestParameters"] == {"method.request.querystring.id": True}
    assert client.get_rest_api(restApiId=ensured.id)["endpointConfiguration"]["types"] == [
        "REGIONAL"
    ]


def test_the_definition_is_one_import(aws: Aws) -> None:
    """However many methods, the API costs a create and an import."""
    ledger = Ledger()
    ensure_apigateway_rest_api(
        aws.permitting(lambda _: None, ledger),
        validated(RESOURCE, API),
    )
    assert {name for name in ledger.counts if ".Get" not in name} == {
        "apigateway.CreateRestApi",
        "apigateway.PutRestApi",
    }


def test_what_is_left_out_of_the_manifest_is_taken_away(aws: Aws) -> None:
    """An import overwrites: a method that others added by hand is a difference and goes."""
    ensured = ensure_apigateway_rest_api(aws, validated(RESOURCE, API))
    client = aws.client("apigateway")
    root = client.get_resources(restApiId=ensured.id)["items"][0]["id"]
    client.put_method(
        restApiId=ensured.id, resourceId=root, httpMethod="GET", authorizationType="NONE"
    )
    again = ensure_apigateway_rest_api(aws, validated(RESOURCE, API))
    assert [change.field for change in again.differences] == ["resources"]
    items = client.get_resources(restApiId=ensured.id, embed=["methods"])["items"]
    assert "resourceMethods" not in items[0]


def test_the_hash_follows_what_a_deployment_takes_in() -> None:
    """Another timeout is another definition; another description or name is not."""
    spec = validated(RESOURCE, API)
    slower: dict[str, Json] = {
        "/health": {"GET": HEALTH | {"integration": _proxy("health") | {"timeout_in_millis": 50}}}
    }
    plain = definition_of(settings_of(spec))
    assert definition_of(settings_of(validated(RESOURCE, {**API, "resources": slower}))) != plain
    changes: list[dict[str, Json]] = [{"name": "x"}, {"description": "y"}, {"tags": {}}]
    for change in changes:
        assert definition_of(settings_of(validated(RESOURCE, API | change))) == plain


def test_the_hash_is_not_foretold_while_a_reference_is_open(aws: Aws) -> None:
    """A prediction that could turn out wrong is not made."""
    uri = URI.format("${data.arn}")
    health = HEALTH | {"integration": {"type": "AWS_PROXY", "uri": uri}}
    spec = validated(RESOURCE, API | {"resources": {"/health": {"GET": health}}})
    assert "definition" not in RESOURCE.predict(spec, aws.target)


def test_an_expanded_policy_is_no_difference(session: boto3.Session, aws: Aws) -> None:
    """AWS writes the API's own ARN for `execute-api:/…` and escapes quotes once more."""
    spec = validated(RESOURCE, API | {"policy": POLICY})
    ensured = ensure_apigateway_rest_api(aws, spec)
    client = session.client("apigateway")
    text = client.get_rest_api(restApiId=ensured.id)["policy"]
    own = f"arn:aws:execute-api:eu-central-1:123456789012:{ensured.id}"
    escaped = text.replace("execute-api:/*", f"{own}/*").replace('"', '\\"')
    client.update_rest_api(
        restApiId=ensured.id,
        patchOperations=[{"op": "replace", "path": "/policy", "value": escaped}],
    )
    found = RESOURCE.read(aws, [ensured.id])[ensured.id]
    assert differences(ApigatewayRestApiSpec, settings_of(spec), found) == {}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"models": {}}, "names model 'Patient'"),
        ({"request_validators": {}}, "names request validator"),
        ({"resources": {"data": {"GET": HEALTH}}}, "path such as"),
        ({"resources": {"/": {"GET": {"integration": _proxy("x")}}}}, "authorization_type"),
        ({"resources": {"/": {"GET": HEALTH | {"authorizer": "x"}}}}, "authorizer goes with"),
        ({"resources": {"/": {"GET": HEALTH | {"integration": {"type": "AWS"}}}}}, "has a uri"),
    ],
)
def test_what_aws_would_refuse_is_refused_before(change: dict[str, Json], says: str) -> None:
    """A definition that does not hang together is a sentence, not a failed import."""
    with pytest.raises(ValidationError, match=says):
        validated(RESOURCE, API | change)
