"""The JSON Schema of the manifest: current, valid, and right about what it admits."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from provisioner.lifecycle import Json
from provisioner.manifest.schema import SCHEMA_FILE, manifest_schema, schema_text
from provisioner.manifest.yamltree import parse

DASHBOARD: dict[str, Json] = {
    "kind": "cloudwatch.dashboard",
    "dashboard_name": "health-${var.environment}",
    "dashboard_body": {"widgets": []},
}
ALARM: dict[str, Json] = {
    "kind": "cloudwatch.alarm",
    "alarm_name": "errors",
    "metric_name": "Errors",
    "threshold": "${var.threshold}",
    "comparison_operator": "GreaterThanThreshold",
    "alarm_actions": ["${alerts.arn}"],
    "depends_on": ["alerts"],
    "protect": True,
}


def problems(resource: dict[str, Json]) -> list[str]:
    """What the schema says against a manifest with this one resource."""
    manifest: Json = {"stack": "health", "resources": {"thing": resource}}
    errors = Draft202012Validator(manifest_schema()).iter_errors(manifest)
    return [error.message for error in errors]


def test_the_checked_in_schema_is_current() -> None:
    """Whoever changes a kind writes the schema anew: scripts/docs."""
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def test_the_schema_is_a_schema() -> None:
    """It keeps to its own dialect."""
    Draft202012Validator.check_schema(manifest_schema())


@pytest.mark.parametrize("resource", [DASHBOARD, ALARM])
def test_what_is_right_passes(resource: dict[str, Json]) -> None:
    """Settings, reserved keys, and references in place of any value."""
    assert problems(resource) == []


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "cloudwatch.alert"},
        {"treshold": 1},
        {"threshold": True},
        {"comparison_operator": ">"},
        {"alarm_actions": "x"},
        {"metrics": [{"id": "a", "oops": 1}]},
    ],
)
def test_what_is_wrong_is_marked(change: dict[str, Json]) -> None:
    """An unknown kind or field, a wrong type or choice, at every depth."""
    assert problems(ALARM | change)


MANIFESTS = sorted((Path(__file__).resolve().parents[2] / "manifests").rglob("*.yaml"))


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.name)
def test_the_manifests_of_the_project_fit(file: Path) -> None:
    """An editor that checks with the schema finds nothing to complain of."""
    if file.parent.name == "overlays":
        return
    tree = parse(file.read_text(encoding="utf-8"), str(file)).value
    errors = Draft202012Validator(manifest_schema()).iter_errors(tree)
    assert [f"{list(error.absolute_path)}: {error.message[:200]}" for error in errors] == []
