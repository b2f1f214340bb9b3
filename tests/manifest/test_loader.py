"""Loading a manifest: files merged, overlays laid over, variables put in, places kept."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import ManifestError
from provisioner.manifest import load
from provisioner.manifest.yamltree import parse

BASE = """\
stack: health-${var.environment}
variables:
  environment: {env: ENVIRONMENT_SUFFIX, default: dev, pattern: "[a-z0-9-]{1,12}"}
  size: 3
  email: ""
tags:
  Environment: ${var.environment}
  Author: ${env.COMMIT_AUTHOR:-unknown}
resources:
  key:
    kind: kms.key
    alias: alias/health-${var.environment}
    rotation_period_days: ${var.size}
    policy: {Statement: [{Effect: Allow, Resource: "arn:aws:s3:::$${x}", Action: "*"}]}
  other: {kind: kms.key, when: "${var.email}", alias: alias/other, protect: true}
outputs:
  arn: ${key.arn}
"""


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        file = path / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return path


def test_variables_and_environment_are_put_in(tmp_path: Path) -> None:
    """Types survive where a reference stands alone; other references and escapes stand."""
    source = load(folder(tmp_path, main=BASE), environment={"COMMIT_AUTHOR": "ada"})
    assert source.name == "health-dev"
    assert source.tags == {"Environment": "dev", "Author": "ada"}
    [key] = source.resources
    assert key.settings["rotation_period_days"] == 3
    assert "$${x}" in str(key.settings["policy"])
    assert source.outputs == {"arn": "${key.arn}"}
    assert str(key.place_of(("alias",))).endswith("main.yaml:12:5")


def test_what_is_given_by_hand_wins(tmp_path: Path) -> None:
    """--var over file over overlay over environment over default."""
    path = folder(tmp_path / "m", main=BASE, overlays__prod="variables: {environment: overlay}")
    values = tmp_path / "values.yaml"
    values.write_text("environment: file")

    def name(**more: object) -> str:
        return load(path, environment={"ENVIRONMENT_SUFFIX": "env"}, **more).name  # type: ignore[arg-type]

    assert load(path).name == "health-dev"
    assert name() == "health-env"
    assert name(overlay="prod") == "health-overlay"
    assert name(overlay="prod", variable_files=[values]) == "health-file"
    assert name(variable_files=[values], variables={"environment": "hand"}) == "health-hand"


def test_a_resource_exists_only_when_it_should(tmp_path: Path) -> None:
    """An empty text makes it absent, any other makes it exist."""
    path = folder(tmp_path, main=BASE)
    assert [r.name for r in load(path).resources] == ["key"]
    both = load(path, variables={"email": "a@example.org"})
    assert [(r.name, r.protect) for r in both.resources] == [("key", False), ("other", True)]


def test_an_overlay_changes_fields_adds_and_takes_away(tmp_path: Path) -> None:
    """Mappings are merged, null takes a field away, whole resources can be added or dropped."""
    overlay = """\
resources:
  key: {rotation_period_days: null, description: prod}
  more: {kind: kms.key, alias: alias/more}
outputs: {arn: null}
"""
    path = folder(tmp_path, main=BASE, overlays__prod=overlay)
    source = load(path, overlay="prod")
    key, more = source.resources
    assert "rotation_period_days" not in key.settings
    assert key.settings["description"] == "prod"
    assert more.name == "more"
    assert source.outputs == {}
    assert str(key.place_of(("description",))).endswith("overlays/prod.yaml:2:37")


def test_files_of_a_folder_are_one_manifest(tmp_path: Path) -> None:
    """Sections are merged in the order of the files' names."""
    path = folder(
        tmp_path,
        a="stack: s\nresources: {one: {kind: kms.key, alias: alias/1}}",
        b="resources: {two: {kind: kms.key, alias: alias/2}}",
    )
    assert [r.name for r in load(path).resources] == ["one", "two"]


def test_the_digest_follows_the_meaning(tmp_path: Path) -> None:
    """Comments do not change it, values do."""
    one = load(folder(tmp_path / "1", main=BASE)).digest
    two = load(folder(tmp_path / "2", main="# a remark\n" + BASE)).digest
    three = load(folder(tmp_path / "3", main=BASE), variables={"size": "4"}).digest
    assert one == two != three


def test_a_value_from_outside_holds_no_references(tmp_path: Path) -> None:
    """What the environment gives is taken as it is."""
    source = load(folder(tmp_path, main=BASE), environment={"COMMIT_AUTHOR": "${key.arn}"})
    assert source.tags["Author"] == "$${key.arn}"


@pytest.mark.parametrize(
    "text",
    ["yes", "no", "on", "010", "1:30", "2012-10-17", "0x1f", "1_000", ".", "-", "1e999", "07:00"],
)
def test_surprising_scalars_are_texts(text: str) -> None:
    """YAML 1.1's guesses are not made."""
    assert parse(f"a: {text}" if text != "-" else 'a: "-"', "f").value == {"a": text}


SCALARS = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=12)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=8), inner)
    ),
    max_leaves=12,
)


@given(TREES)
def test_what_was_dumped_is_read_back(tree: object) -> None:
    """Any JSON written as YAML with quoted texts comes back as it was."""
    text = yaml.safe_dump(tree, default_style='"', allow_unicode=True) if tree is not None else "~"
    assert parse(text.replace("!!null ", "").replace("!!int ", "").replace("!!bool ", ""), "f")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No input makes anything but a value or a ManifestError."""
    with suppress(ManifestError):
        parse(text, "f")
