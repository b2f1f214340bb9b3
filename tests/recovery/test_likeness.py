"""Values become references again where they can mean one thing only, and never more than that."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.manifest.references import Reference, find, substitute, unescape
from provisioner.registry import kind_of, kinds
from provisioner.stack.likeness import Known, Likeness, referenced

ACCOUNT = "123456789012"


def known(kind: str, **attributes: str) -> Known:
    return Known(kind_of(kind), attributes)


def role(name: str) -> Known:
    return known("iam.role", id=name, name=name, arn=f"arn:aws:iam::{ACCOUNT}:role/{name}")


def function(name: str) -> Known:
    arn = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:{name}"
    return known("lambda.function", id=name, name=name, arn=arn)


def group(name: str) -> Known:
    arn = f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:{name}"
    return known("logs.log_group", id=name, name=name, arn=arn, log_stream_arn=f"{arn}:*")


OBJECTS = {
    "role": role("clinic-app"),
    "role_in_path": role("clinic-app/deep"),
    "app": function("clinic-app"),
    "worker": function("clinic-worker"),
    "bucket": known("s3.bucket", id="records", name="records", arn="arn:aws:s3:::records"),
    "table": known(
        "dynamodb.table",
        id="clinic-patients",
        name="clinic-patients",
        arn=f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/clinic-patients",
    ),
    "key": known(
        "kms.key",
        id="1f2e3d4c-0000-4000-8000-aabbccddeeff",
        arn=f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1f2e3d4c-0000-4000-8000-aabbccddeeff",
        alias="alias/clinic-data",
    ),
    "api": known("apigateway.rest_api", id="nnkzdtpvqq", name="clinic", definition="df6b28b1af8c"),
    "snapshot": known("apigateway.deployment", id="yq9ka8", definition="df6b28b1af8c"),
    "stage": known("apigateway.stage", id="nnkzdtpvqq|prod", name="prod"),
    "logs": group("/clinic/logs"),
    "net": known("ec2.vpc", id="vpc-0a1b2c3d4e", cidr_block="10.20.0.0/16"),
    "zone_a": known(
        "ec2.subnet", id="subnet-0a1b2c3d4e", cidr_block="10.20.1.0/24", availability_zone="zone-a1"
    ),
    "account": known(
        "apigateway.account",
        id="account",
        cloudwatch_role_arn=f"arn:aws:iam::{ACCOUNT}:role/clinic-app",
    ),
}
TABLE, ROLE = OBJECTS["table"].attributes["arn"], OBJECTS["role"].attributes["arn"]
LOGS, KEY = OBJECTS["logs"].attributes["arn"], OBJECTS["key"].attributes["arn"]


@pytest.mark.parametrize(
    ("kind", "field", "value", "becomes"),
    [
        ("lambda.function", "role", ROLE, "${role.arn}"),
        ("lambda.function", "kms_key", KEY, "${key.arn}"),
        ("lambda.function", "subnet_ids", ["subnet-0a1b2c3d4e"], ["${zone_a.id}"]),
        ("lambda.function", "log_group", "/clinic/logs", "${logs.name}"),
        ("lambda.function", "environment", {"KEY": "alias/clinic-data"}, {"KEY": "${key.alias}"}),
        ("lambda.permission", "function_name", "clinic-app", "${app.name}"),
        ("apigateway.deployment", "definition", "df6b28b1af8c", "${api.definition}"),
        ("apigateway.stage", "deployment_id", "yq9ka8", "${snapshot.id}"),
        ("cloudtrail.trail", "s3_bucket_name", "records", "${bucket.name}"),
        ("cloudtrail.trail", "cloud_watch_logs_log_group_arn", f"{LOGS}:*",
         "${logs.log_stream_arn}"),
        ("cloudwatch.alarm", "dimensions", {"FunctionName": "clinic-app"},
         {"FunctionName": "${app.name}"}),
        ("iam.policy", "policy", {"Statement": [{"Resource": [f"{TABLE}/index/*"]}]},
         {"Statement": [{"Resource": ["${table.arn}/index/*"]}]}),
        ("logs.log_group", "log_group_name", "API-Gateway-Execution-Logs_nnkzdtpvqq/prod",
         "API-Gateway-Execution-Logs_${api.id}/prod"),
    ],
)  # fmt: skip
def test_what_can_mean_one_thing_only_is_a_reference(
    kind: str, field: str, value: Any, becomes: Any
) -> None:
    """ARNs and ids anywhere, names where the field or their length tells whose they are."""
    assert referenced({field: value}, OBJECTS, of=kind_of(kind), itself="it") == {field: becomes}


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("sqs.queue", "queue_name", "clinic-app"),
        ("cloudwatch.alarm", "dimensions", {"Name": "clinic-app"}),
        ("lambda.function", "environment", {"MODE": "prod"}),
        ("lambda.function", "environment", {"STAGE": "records"}),
        ("ec2.subnet", "availability_zone", "zone-a1"),
        ("ec2.route_table", "routes", [{"destination": "10.20.0.0/16"}]),
        ("iam.policy", "policy", {"Statement": [{"Resource": f"{TABLE}-2"}]}),
        ("iam.policy", "policy", {"Statement": [{"Resource": f"{TABLE}*"}]}),
        ("iam.policy", "policy", {"Statement": [{"Resource": f"{LOGS}/of/others:*"}]}),
        ("iam.policy", "policy", {"Statement": [{"Resource": f"{ROLE}/other/role"}]}),
        ("sns.topic", "display_name", "nnkzdtpvqqx and xsubnet-0a1b2c3d4e"),
    ],
)
def test_what_might_mean_another_thing_stays(kind: str, field: str, value: Any) -> None:
    """A name that several have, a short one, a description, or a part of a longer name."""
    assert referenced({field: value}, OBJECTS, of=kind_of(kind), itself="it") == {field: value}


def test_what_names_the_object_itself_stays() -> None:
    """A function that is called like its role does not refer to the role by its own name."""
    objects = {"app": function("clinic-app"), "role": role("clinic-app")}
    settings: dict[str, Any] = {
        "function_name": "clinic-app",
        "role": objects["role"].attributes["arn"],
        "environment": {"SELF": objects["app"].attributes["arn"]},
    }
    found = referenced(settings, objects, of=kind_of("lambda.function"), itself="app")
    assert found == {**settings, "role": "${role.arn}"}


def test_every_untaggable_kind_says_whose_its_objects_are() -> None:
    """What has a parent names the kind and the attribute that stands in the parent's field."""
    for name in kinds():
        kind = kind_of(name)
        assert bool(kind.parent) == bool(kind.within) == bool(kind.belongs_to) != kind.taggable
        if kind.belongs_to:
            service, noun, attribute = kind.belongs_to.split(".")
            assert attribute in kind_of(f"{service}.{noun}").attributes
            assert kind.parent in kind.spec.model_fields


VALUES = sorted({value for one in OBJECTS.values() for value in one.attributes.values()})
TEXTS = st.one_of(
    st.sampled_from(VALUES),
    st.lists(
        st.one_of(
            st.sampled_from(VALUES),
            st.sampled_from(
                ["${", "$", "$${", "}", "/", ":", ":*", "_", "-", " ", "arn:", "a", "."]
            ),
            st.text("ab1$-{", max_size=3),
        ),
        max_size=6,
    ).map("".join),
)
SETTINGS = st.dictionaries(
    st.sampled_from(["function_name", "role", "environment", "log_group", "policy", "name"]),
    st.recursive(
        st.one_of(TEXTS, st.integers(), st.booleans(), st.none()),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
        ),
        max_leaves=12,
    ),
)  # fmt: skip


@given(SETTINGS, st.sampled_from(sorted(OBJECTS)), st.sampled_from(kinds()))
def test_attributes_put_in_again_give_the_same_settings(
    settings: dict[str, Any], itself: str, kind: str
) -> None:
    """Whatever the settings hold: nothing is lost, nothing refers to itself or to nothing."""

    def resolve(reference: Reference) -> str:
        return OBJECTS[reference.name].attributes[reference.attribute]

    found = Likeness(OBJECTS).referenced(settings, of=kind_of(kind), itself=itself)
    assert unescape(substitute(dict(found), resolve)) == settings
    assert itself not in {reference.name for _, reference in find(dict(found))}


@given(
    st.sampled_from([name for name, one in OBJECTS.items() if "arn" in one.attributes]),
    st.sampled_from(["", " ", "(", "'", "{"]),
    st.sampled_from(["", ":y", " ", "'", "}"]),
)
def test_an_arn_is_found_in_any_surroundings(address: str, before: str, after: str) -> None:
    """The ARN of one object refers to it, whatever stands around it."""
    text = f"a {before}{OBJECTS[address].attributes['arn']}{after}"
    kind = kind_of("cloudwatch.dashboard")
    found = referenced({"dashboard_body": text}, OBJECTS, of=kind, itself="it")
    assert found == {"dashboard_body": f"a {before}${{{address}.arn}}{after}"}
