"""The files of a manifest, put together: sections merged, an overlay laid over them.

Places are kept with every entry, so that whatever is found wrong later can be shown where it
stands, also when it comes from an overlay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from pydantic import JsonValue

from provisioner.errors import ManifestError, Place, Problem, nearest
from provisioner.manifest.references import Path
from provisioner.manifest.yamltree import Places, Tree, parse

SECTIONS = ("variables", "tags", "stacks", "resources", "outputs")
TEXTS = ("stack", "description", "expires_at")
ENDINGS = (".yaml", ".yml")


@dataclass
class Entry:
    """One named thing of a section.

    Attributes:
        value: as written.
        place: of its name.
        places: of what is in it, by path from the entry.
    """

    value: JsonValue
    place: Place
    places: Places = field(default_factory=dict)

    def place_of(self, path: Path) -> Place:
        """Where a value stands, or the nearest thing around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, self.place)


@dataclass
class Draft:
    """What the files say, before variables are put in.

    Attributes:
        folder: relative paths start here.
        texts: `stack`, `description` and `expires_at`.
        sections: section → name → entry.
        overlay_values: values that the overlay gives to variables.
        problems: what was found wrong so far.
        whole: every file could be read, so that what is missing is missing indeed.
    """

    folder: FilePath
    texts: dict[str, Entry] = field(default_factory=dict)
    sections: dict[str, dict[str, Entry]] = field(
        default_factory=lambda: {name: {} for name in SECTIONS}
    )
    overlay_values: dict[str, Entry] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    whole: bool = True


def read(path: FilePath, overlay: str | None = None) -> Draft:
    """Read a file, or all YAML files of a folder, and lay the overlay over them.

    Raises:
        ManifestError: there is nothing to read, or nothing that is YAML.
    """
    folder, files = _files(path)
    draft = Draft(folder.resolve())
    trees = _trees(files, draft)
    draft.whole = not draft.problems
    for tree in trees:
        _merge(draft, tree)
    if overlay is not None:
        file = _overlay_file(folder, overlay)
        for tree in _trees([file], draft):
            _lay_over(draft, tree)
    return draft


def read_values(file: FilePath) -> tuple[dict[str, Entry], list[Problem]]:
    """A file of variables: `name: value` on every line.

    Raises:
        ManifestError: it can't be read.
    """
    tree = _parsed(file)
    if not isinstance(tree.value, dict):
        raise ManifestError([Problem("A file of variables is a mapping.", tree.places[()])])
    index = _index(tree)
    return {name: _entry(tree, index, (name,)) for name in tree.value}, []


def _files(path: FilePath) -> tuple[FilePath, list[FilePath]]:
    if path.is_file():
        return path.parent, [path]
    if not path.is_dir():
        raise ManifestError([Problem("There is no such file or folder.", Place(str(path)))])
    files = sorted(file for file in path.iterdir() if file.suffix in ENDINGS and file.is_file())
    if not files:
        raise ManifestError([Problem("There is no .yaml file in this folder.", Place(str(path)))])
    return path, files


def _overlay_file(folder: FilePath, name: str) -> FilePath:
    home = folder / "overlays"
    known = {
        file.stem: file
        for file in (sorted(home.iterdir()) if home.is_dir() else [])
        if file.suffix in ENDINGS
    }
    if name not in known:
        hint = nearest(name, known) or (f"There are: {', '.join(known)}." if known else "")
        message = f"There is no overlay {name!r} in {home}."
        raise ManifestError([Problem(message, Place(str(home)), hint)])
    return known[name]


def _trees(files: Iterable[FilePath], draft: Draft) -> list[Tree]:
    trees = []
    for file in files:
        try:
            trees.append(_parsed(file))
        except ManifestError as error:
            draft.problems += error.problems
    return trees


def _parsed(file: FilePath) -> Tree:
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ManifestError([Problem(f"It can't be read: {reason}.", Place(str(file)))]) from None
    except UnicodeDecodeError:
        raise ManifestError([Problem("It is not UTF-8 text.", Place(str(file)))]) from None
    return parse(text, str(file))


def _merge(draft: Draft, tree: Tree) -> None:
    index = _index(tree)
    for key, value in _top(draft, tree):
        if key in TEXTS:
            _merge_text(draft, key, _entry(tree, index, (key,)))
            continue
        section = draft.sections[key]
        for name in value if isinstance(value, dict) else ():
            entry = _entry(tree, index, (key, name))
            if name in section:
                first = section[name].place
                message = f"{key}.{name} stands here a second time; the first is at {first}."
                draft.problems.append(Problem(message, entry.place))
            else:
                section[name] = entry


def _merge_text(draft: Draft, key: str, entry: Entry) -> None:
    if key in draft.texts:
        first = draft.texts[key].place
        message = f"{key!r} stands here a second time; the first is at {first}."
        draft.problems.append(Problem(message, entry.place))
    else:
        draft.texts[key] = entry


def _lay_over(draft: Draft, tree: Tree) -> None:
    index = _index(tree)
    for key, value in _top(draft, tree):
        if key in TEXTS:
            draft.texts[key] = _entry(tree, index, (key,))
            continue
        for name in value if isinstance(value, dict) else ():
            entry = _entry(tree, index, (key, name))
            if key == "variables":
                draft.overlay_values[name] = entry
            elif key == "resources" and name in draft.sections[key]:
                draft.sections[key][name] = _laid_over(draft.sections[key][name], entry)
            elif entry.value is None:
                draft.sections[key].pop(name, None)
            else:
                draft.sections[key][name] = entry


def _laid_over(below: Entry, above: Entry) -> Entry:
    value = merged(below.value, above.value)
    return Entry(value, below.place, below.places | {p: q for p, q in above.places.items() if p})


def merged(below: JsonValue, above: JsonValue) -> JsonValue:
    """Mappings are merged key by key, null takes a key away, anything else replaces."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    result = {**below}
    for key, value in above.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(below.get(key), value)
    return result


def _top(draft: Draft, tree: Tree) -> Iterable[tuple[str, JsonValue]]:
    """The sections of a file that have the right form; problems for the others."""
    if tree.value is None:
        return
    if not isinstance(tree.value, dict):
        draft.problems.append(Problem("A manifest is a mapping.", tree.places[()]))
        return
    for key, value in tree.value.items():
        place = tree.places[(key,)]
        if key not in (*SECTIONS, *TEXTS):
            known = (*TEXTS, *SECTIONS)
            hint = nearest(key, known) or f"There are: {', '.join(known)}."
            draft.problems.append(Problem(f"There is no section {key!r}.", place, hint))
        elif key in SECTIONS and value is not None and not isinstance(value, dict):
            draft.problems.append(Problem(f"{key!r} wants a mapping of names.", place))
        else:
            yield key, value


def _entry(tree: Tree, index: Mapping[Path, Places], path: Path) -> Entry:
    value: JsonValue = tree.value
    for part in path:
        value = value[part] if isinstance(value, Mapping) and isinstance(part, str) else None
    return Entry(value, tree.places[path], index[path])


def _index(tree: Tree) -> dict[Path, Places]:
    """The places within each section and each name in it, gathered in one walk over all."""
    index: dict[Path, Places] = defaultdict(dict)
    for at, place in tree.places.items():
        for depth in range(1, min(len(at), 2) + 1):
            index[at[:depth]][at[depth:]] = place
    return index
