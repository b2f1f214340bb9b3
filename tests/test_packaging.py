"""Packages: the same bytes everywhere, and sentences for what can't be packaged."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tempfile
import zipfile
from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner import packaging
from provisioner.errors import LocalError
from provisioner.packaging import package

NAMES = st.text("abcdefgäß_-0123456789", min_size=1, max_size=8)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: "/".join([*parts, "code.py"]))
TREES = st.dictionaries(PATHS, st.binary(max_size=200), min_size=1, max_size=6)


def _write(folder: Path, tree: dict[str, bytes]) -> Path:
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def _names(data: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(data)).namelist()


@given(tree=TREES, when=st.integers(0, 2_000_000_000), mode=st.sampled_from([0o600, 0o755]))
def test_same_sources_same_bytes(tree: dict[str, bytes], when: int, mode: int) -> None:
    """Place, order of writing, times and permissions of the files leave no trace."""
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        one = _write(Path(here), tree)
        other = _write(Path(there), dict(reversed(tree.items())))
        for path in other.rglob("*.py"):
            os.utime(path, (when, when))
            path.chmod(mode)
        assert package(one) == package(other)


@given(tree=TREES)
def test_package_holds_the_sources(tree: dict[str, bytes]) -> None:
    """Unpacking gives back every file, in the order of the names."""
    with tempfile.TemporaryDirectory() as here:
        archive = zipfile.ZipFile(io.BytesIO(package(_write(Path(here), tree)).data))
    assert archive.namelist() == sorted(tree)
    assert {name: archive.read(name) for name in archive.namelist()} == tree


def test_known_bytes(tmp_path: Path) -> None:
    """Each entry is dated 1980, made on Unix, and readable by the function's user."""
    _write(tmp_path, {"handler.py": b"", "bin/run": b"#!/bin/sh\n", "bootstrap": b"\x7fELF"})
    entries = zipfile.ZipFile(io.BytesIO(package(tmp_path).data)).infolist()
    assert {entry.filename: oct(entry.external_attr >> 16) for entry in entries} == {
        "bin/run": "0o100755",
        "bootstrap": "0o100755",
        "handler.py": "0o100644",
    }
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.create_system for entry in entries} == {3}


def test_sha256_is_lambdas(tmp_path: Path, session: boto3.Session) -> None:
    """The digest and the size are those that Lambda reports for the same bytes."""
    built = package(_write(tmp_path, {"handler.py": b"def handler(event, context): ...\n"}))
    assert built.sha256 == base64.b64encode(hashlib.sha256(built.data).digest()).decode()
    iam = session.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    function = session.client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": built.data},
    )
    assert (function["CodeSha256"], function["CodeSize"]) == (built.sha256, built.size)


def test_a_change_changes_the_digest(tmp_path: Path) -> None:
    """One changed character makes another package."""
    before = package(_write(tmp_path, {"handler.py": b"a = 1\n"}))
    assert before.sha256 != package(_write(tmp_path, {"handler.py": b"a = 2\n"})).sha256


def test_left_out(tmp_path: Path) -> None:
    """Compiled, hidden and test files stay at home."""
    left_out = (".DS_Store", ".env", ".git/config", "__pycache__/handler.pyc", "old.pyc")
    tests = ("tests/test_handler.py", "deep/tests/data.json", "deep/__pycache__/x.py")
    _write(tmp_path, dict.fromkeys((*left_out, *tests, "handler.py", "deep/model.py"), b"x"))
    assert _names(package(tmp_path).data) == ["deep/model.py", "handler.py"]


def test_links_inside_are_files(tmp_path: Path) -> None:
    """A link to a file of the same folder is packaged as that file."""
    _write(tmp_path, {"handler.py": b"x = 1\n"})
    (tmp_path / "same.py").symlink_to("handler.py")
    archive = zipfile.ZipFile(io.BytesIO(package(tmp_path).data))
    assert archive.read("same.py") == b"x = 1\n"


@pytest.mark.parametrize("target", ["../secret.txt", "../other"])
def test_links_out_are_refused(tmp_path: Path, target: str) -> None:
    """Nothing outside of the folder gets into a package by a link, be it a file or a folder."""
    code = _write(tmp_path / "code", {"handler.py": b""})
    _write(tmp_path, {"secret.txt": b"secret", "other/secret.txt": b"secret"})
    (code / "link").symlink_to(target)
    with pytest.raises(LocalError, match="leads out of the code folder"):
        package(code)


def test_links_to_folders_are_refused(tmp_path: Path) -> None:
    """A loop of folders can't make an endless package."""
    _write(tmp_path, {"deep/handler.py": b""})
    (tmp_path / "deep" / "loop").symlink_to("..", target_is_directory=True)
    with pytest.raises(LocalError, match="link to a folder or to nothing"):
        package(tmp_path)


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    """The message names the folder and the hint says what to point at."""
    with pytest.raises(LocalError, match=r"gone does not exist") as caught:
        package(tmp_path / "gone")
    assert "handler" in caught.value.hint


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A file in the place of the folder is refused as such."""
    _write(tmp_path, {"handler.py": b""})
    with pytest.raises(LocalError, match="is not a folder"):
        package(tmp_path / "handler.py")


def test_an_empty_folder_is_a_sentence(tmp_path: Path) -> None:
    """A folder with nothing but left-out files is as good as empty."""
    _write(tmp_path, {".hidden": b"", "__pycache__/x.pyc": b""})
    with pytest.raises(LocalError, match="holds no source file"):
        package(tmp_path)


@pytest.mark.parametrize(
    ("limit", "how"), [("LARGEST_ZIPPED", "zipped"), ("LARGEST_UNZIPPED", "unzipped")]
)
def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, how: str) -> None:
    """What AWS would refuse after the upload is refused before it."""
    _write(tmp_path, {"handler.py": os.urandom(2000)})
    monkeypatch.setattr(packaging, limit, 1000)
    with pytest.raises(LocalError, match=f"bytes {how}; Lambda takes 1000 at most"):
        package(tmp_path)
