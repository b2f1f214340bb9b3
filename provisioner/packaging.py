"""Reproducible Lambda packages: the same sources give the same bytes, so that no-op stays no-op.

A zip remembers when, in which order and with whose permissions it was written. All of that is
fixed here, so a package follows from names and contents alone and AWS's `CodeSha256` can be
compared with one worked out locally. Compression is zlib's at one fixed level.

Limits of a direct upload: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.errors import LocalError

LARGEST_ZIPPED = 50 * 1024 * 1024
"""Bytes AWS takes in a direct upload."""

LARGEST_UNZIPPED = 250 * 1024 * 1024
"""Bytes AWS unpacks beside a function, layers included."""

LEFT_OUT_FOLDERS = frozenset({"__pycache__", "tests"})
LEFT_OUT_SUFFIXES = (".pyc", ".pyo")

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say
_UNIX = 3
_LEVEL = 9
_EXECUTABLE_STARTS = (b"#!", b"\x7fELF")


@dataclass(frozen=True, slots=True)
class Package:
    """A deployment package, ready for `CreateFunction(Code={"ZipFile": data})`.

    Attributes:
        data: the zip.
        sha256: base64 of its SHA-256, exactly as Lambda reports `CodeSha256`.
        size: bytes of the zip, as Lambda reports `CodeSize`.
    """

    data: bytes = field(repr=False)
    sha256: str
    size: int


def package(folder: Path) -> Package:
    """Zip the sources of one function.

    Left out: hidden files and folders, compiled Python, `__pycache__` and `tests` folders.
    A file that starts like a script (`#!`) or a Linux binary is executable in the package,
    whatever the file system here says: that would differ from machine to machine.

    Args:
        folder: what Lambda finds at the root of the package.

    Returns:
        The package; equal bytes for equal names and contents.

    Raises:
        LocalError: the folder is missing, empty, too large for AWS, can't be read, or holds a
            symbolic link that leads out of it.
    """
    files = _sources(folder)
    _refuse_large(folder, "unzipped", sum(path.stat().st_size for path in files.values()))
    data = _zip(folder, files)
    _refuse_large(folder, "zipped", len(data))
    digest = hashlib.sha256(data).digest()
    return Package(data=data, sha256=base64.b64encode(digest).decode(), size=len(data))


def _sources(folder: Path) -> dict[str, Path]:
    """Return what belongs into the package: name in the zip → file, sorted by name."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise LocalError(
            f"The code folder {folder} {what}, so there is nothing to package.",
            hint="Point `code` at the folder that holds the handler's module.",
        )
    files = {path.relative_to(folder).as_posix(): path for path in _walk(folder)}
    if not files:
        raise LocalError(
            f"The code folder {folder} holds no source file, so there is nothing to package.",
            hint="Hidden files, compiled Python and tests are left out of a package.",
        )
    return dict(sorted(files.items()))


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files that are not left out; symbolic links to folders are never entered."""
    root = folder.resolve()
    for parent, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = [name for name in folders if not _left_out_folder(name)]
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in [*links, *names]:
            path = Path(parent) / name
            if not _left_out_file(name):
                _refuse_leaving(path, root)
                yield path


def _left_out_folder(name: str) -> bool:
    return name.startswith(".") or name in LEFT_OUT_FOLDERS


def _left_out_file(name: str) -> bool:
    return name.startswith(".") or name.endswith(LEFT_OUT_SUFFIXES)


def _unreadable(error: OSError) -> None:
    raise LocalError(
        f"The code folder {error.filename} can't be read: {error.strerror}.",
        hint="Let the current user read it, then run again.",
    ) from error


def _refuse_leaving(path: Path, root: Path) -> None:
    """Refuse anything but a regular file that stands in the folder itself."""
    target = path.resolve()
    if not target.is_relative_to(root):
        raise LocalError(
            f"{path} is a symbolic link that leads out of the code folder, to {target}.",
            hint="Copy what it points to into the folder, or remove the link.",
        )
    if not target.is_file():
        what = "a symbolic link to a folder or to nothing" if path.is_symlink() else "no file"
        raise LocalError(
            f"{path} is {what} and can't go into a package.",
            hint="Only regular files and links to files in the same folder are packaged.",
        )


def _refuse_large(folder: Path, how: str, size: int) -> None:
    largest = LARGEST_ZIPPED if how == "zipped" else LARGEST_UNZIPPED
    if size > largest:
        raise LocalError(
            f"The code folder {folder} has {size} bytes {how}; Lambda takes {largest} at most.",
            hint="Remove what the function does not need, or move libraries into a layer.",
        )


def _zip(folder: Path, files: dict[str, Path]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            content = _content(folder, path)
            archive.writestr(_entry(name, content), content, compresslevel=_LEVEL)
    return target.getvalue()


def _content(folder: Path, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LocalError(
            f"{path} in the code folder {folder} can't be read: {error.strerror}.",
            hint="Let the current user read it, then run again.",
        ) from error


def _entry(name: str, content: bytes) -> zipfile.ZipInfo:
    """Describe one file with nothing of this machine in it."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = _UNIX
    permissions = 0o755 if content.startswith(_EXECUTABLE_STARTS) else 0o644
    entry.external_attr = (stat.S_IFREG | permissions) << 16
    return entry
