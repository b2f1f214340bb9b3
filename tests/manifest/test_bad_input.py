"""Whatever is wrong with a manifest is told with its place, in a sentence, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import ManifestError
from provisioner.manifest import load
from provisioner.stack import Stack
from provisioner.stack.graph import build

KEY = "  key: {kind: kms.key, alias: alias/a}\n"
HEAD = "stack: s\n"
RULE = "stack: s\nresources:\n  r:\n    kind: events.rule\n    name: r\n"
BAD: dict[str, tuple[str, str, str]] = {
    # name: manifest, line:column, part of the message
    "open bracket": ("stack: [s\n", "2:1", "no YAML"),
    "tab": ("stack: s\ntags:\n\ta: b\n", "3:1", "tab"),
    "bad indent": ("stack: s\n tags: {}\n", "2:6", "no YAML"),
    "duplicate section": ("stack: s\nstack: t\n", "2:1", "second time"),
    "duplicate field": (HEAD + "resources:\n  k:\n    kind: kms.key\n    kind: kms.key\n", "5:5", "second time"),
    "duplicate resource": (HEAD + "resources:\n" + KEY + KEY, "4:3", "second time"),
    "merge key": (HEAD + "tags:\n  <<: {a: b}\n", "3:3", "Merge keys"),
    "alias": (HEAD + "tags: &t {a: b}\noutputs: *t\n", "2:7", "Anchors"),
    "unknown alias": (HEAD + "tags: *t\n", "2:7", "Anchors"),
    "tag": (HEAD + "outputs: {a: !Ref b}\n", "2:14", "tag !Ref"),
    "two documents": ("stack: s\n---\nstack: t\n", "2:1", "one document"),
    "a list": ("- stack\n", "1:1", "is a mapping"),
    "number as key": (HEAD + "? [a]\n: b\n", "2:3", "key must be a text"),
    "no stack": ("resources: {}\n", "", "has no name"),
    "stack a number": ("stack: 42\n", "1:1", "wants a text"),
    "stack name": ("stack: 'a b'\n", "1:1", "no stack name"),
    "unknown section": ("stack: s\nressources: {}\n", "2:1", "'resources'"),
    "section a list": ("stack: s\nresources: []\n", "2:1", "mapping of names"),
    "tag a number": (HEAD + "tags: {Cost: 12}\n", "2:8", "wants a text"),
    "resource a text": (HEAD + "resources: {a: kms.key}\n", "2:13", "mapping with a kind"),
    "no kind": (HEAD + "resources: {a: {alias: alias/a}}\n", "2:13", "has no kind"),
    "unknown kind": (HEAD + "resources: {a: {kind: kms.keys}}\n", "2:17", "'kms.key'"),
    "unknown field": (HEAD + "resources: {a: {kind: kms.key, alias: alias/a, rotatoin: true}}\n", "2:48", "'rotation'"),
    "missing field": (HEAD + "resources: {a: {kind: kms.key}}\n", "2:13", "a.alias is missing"),
    "wrong type": (HEAD + "resources: {a: {kind: kms.key, alias: alias/a, rotation: 'on'}}\n", "2:48", "true or false"),
    "out of range": (HEAD + "resources: {a: {kind: kms.key, alias: alias/a, rotation_period_days: 1}}\n", "2:48", "90"),
    "bad alias": (HEAD + "resources: {a: {kind: kms.key, alias: a}}\n", "2:32", "alias/"),
    "name too long": (HEAD + f"resources: {{a: {{kind: kms.key, alias: alias/{'a' * 256}}}}}\n", "2:32", "at most 256"),
    "resource name": (HEAD + "resources: {1a: {kind: kms.key, alias: alias/a}}\n", "2:13", "no resource name"),
    "taken name": (HEAD + "resources: {region: {kind: kms.key, alias: alias/a}}\n", "2:13", "taken"),
    "policy no JSON": (HEAD + "resources: {a: {kind: kms.key, alias: alias/a, policy: '{]'}}\n", "2:48", "not JSON"),
    "policy member": (HEAD + "resources: {a: {kind: kms.key, alias: alias/a, policy: {Statements: []}}}\n", "2:48", "Statement"),
    "policy effect": (HEAD + "resources: {a: {kind: kms.key, alias: alias/a, policy: {Statement: [{Action: '*'}]}}}\n", "2:48", "Effect"),
    "protect a text": (HEAD + "resources: {a: {kind: kms.key, alias: alias/a, protect: 'yes'}}\n", "2:48", "true or false"),
    "depends_on a number": (HEAD + "resources: {a: {kind: kms.key, alias: alias/a, depends_on: 1}}\n", "2:48", "names of resources"),
    "depends_on unknown": (HEAD + "resources: {a: {kind: kms.key, alias: alias/a, depends_on: [b]}}\n", "2:48", "no resource 'b'"),
    "when unknown": (HEAD + "resources: {a: {kind: kms.key, alias: alias/a, when: '${b.arn}'}}\n", "2:48", "made of variables"),
    "dangling": (HEAD + "resources:\n" + KEY + "outputs: {o: '${kee.arn}'}\n", "4:11", "'key'"),
    "unknown attribute": (HEAD + "resources:\n" + KEY + "outputs: {o: '${key.ar}'}\n", "4:11", "'arn'"),
    "no attribute": (HEAD + "resources:\n  a: {kind: kms.key, alias: alias/a, description: '${a}'}\n", "3:38", "${a.id}"),
    "no reference": (HEAD + "resources:\n  a: {kind: kms.key, alias: alias/a, description: '${a b}'}\n", "3:38", "no reference"),
    "circle": (HEAD + "resources:\n  a: {kind: kms.key, alias: alias/a, description: '${b.id}'}\n  b: {kind: kms.key, alias: alias/b, description: '${a.id}'}\n", "3:38", "needs b"),
    "adopts a list": (HEAD + "resources: {a: {kind: kms.key, alias: alias/a, adopts: [x]}}\n", "2:48", "the id of an object"),
    "circle by hand": (HEAD + "resources:\n  a: {kind: kms.key, alias: alias/a, depends_on: b}\n  b: {kind: kms.key, alias: alias/b, depends_on: a}\n", "3:38", "needs b"),
    "missing variable": (HEAD + "variables: {a: }\n", "2:13", "has no value"),
    "unknown variable": (HEAD + "variables: {size: 1}\ntags: {a: '${var.sice}'}\n", "3:8", "'size'"),
    "variable key": (HEAD + "variables: {a: {defualt: 1}}\n", "2:13", "'default'"),
    "variable type": (HEAD + "variables: {a: {type: text, default: b}}\n", "2:13", "not one of"),
    "variable pattern": (HEAD + "variables: {a: {pattern: '[', default: b}}\n", "2:13", "regular expression"),
    "variable mismatch": (HEAD + "variables: {a: {pattern: '[0-9]', default: b}}\n", "2:13", "does not match"),
    "variable not allowed": (HEAD + "variables: {a: {allowed: [prod, dev], default: prd}}\n", "2:13", "not one of"),
    "variable ill-typed": (HEAD + "variables: {a: {type: integer, default: b}}\n", "2:13", "no integer"),
    "variable in a variable": (HEAD + "variables: {a: 'x', b: '${var.a}'}\n", "2:21", "can't stand"),
    "missing environment": (HEAD + "tags: {a: '${env.NOT_SET}'}\n", "2:8", "NOT_SET"),
    "rule without trigger": (RULE, "3:3", "r"),
    "rule with both wrong": (RULE + "    schedule_expression: every day\n", "6:5", "schedule"),
}  # fmt: skip


def problems_of(path: Path) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        build(Stack.of(load(path, environment={})))
    return caught.value


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_with_its_place(name: str, tmp_path: Path) -> None:
    """File, line and column, and a sentence that helps."""
    text, place, message = BAD[name]
    file = tmp_path / "main.yaml"
    file.write_text(text)
    error = problems_of(file)
    told = [str(problem) for problem in error.problems]
    assert any(message in line for line in told), told
    assert any(f"main.yaml:{place}:" in line or not place for line in told), told


def test_all_problems_are_told_at_once_in_the_order_of_the_files(tmp_path: Path) -> None:
    """One run tells everything; nobody mends one thing at a time."""
    (tmp_path / "a.yaml").write_text("stack: s\nresources: {x: {kind: nope.nope}}\n")
    (tmp_path / "b.yaml").write_text("resources: {y: {kind: kms.key, alias: 1}}\n")
    places = [str(problem.place) for problem in problems_of(tmp_path).problems]
    assert [place.rpartition("/")[2] for place in places] == ["a.yaml:2:17", "b.yaml:1:32"]


def test_many_problems_end_with_their_number(tmp_path: Path) -> None:
    """All are there for programs; a person sees the first twenty."""
    keys = "".join(f"  k{n}: {{kind: kms.key, alias: 1}}\n" for n in range(50))
    (tmp_path / "a.yaml").write_text("stack: s\nresources:\n" + keys)
    error = problems_of(tmp_path)
    assert len(error.problems) == 50
    lines = str(error).splitlines()
    assert [line for line in lines if "k0" in line]
    assert (len(lines), lines[-1]) == (21, "… and 30 more.")


def test_two_files_with_one_name_are_both_told(tmp_path: Path) -> None:
    """The second place names the first."""
    (tmp_path / "a.yaml").write_text("stack: s\nresources:\n" + KEY)
    (tmp_path / "b.yaml").write_text("resources:\n" + KEY)
    [problem] = problems_of(tmp_path).problems
    assert "b.yaml:2:3" in str(problem)
    assert "a.yaml:3:3" in str(problem)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path / "none", "no such file"),
        (lambda path: path, "no .yaml file"),
    ],
)
def test_nothing_to_read(make: object, message: str, tmp_path: Path) -> None:
    """A path that holds no manifest is told so."""
    with pytest.raises(ManifestError, match=message):
        load(make(tmp_path))  # type: ignore[operator]


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are told with the file."""
    (tmp_path / "main.yaml").write_bytes(b"stack: \xff\xfe\n")
    with pytest.raises(ManifestError, match=r"main\.yaml.*UTF-8"):
        load(tmp_path)


def test_an_unknown_overlay_names_those_there_are(tmp_path: Path) -> None:
    """A typo in the overlay is told with the nearest."""
    (tmp_path / "main.yaml").write_text("stack: s\n")
    (tmp_path / "overlays").mkdir()
    (tmp_path / "overlays" / "prod.yaml").write_text("tags: {a: b}\n")
    with pytest.raises(ManifestError, match="'prod'"):
        load(tmp_path, overlay="prd")
    with pytest.raises(ManifestError, match="no variable 'x'"):
        load(tmp_path, variables={"x": "1"})
