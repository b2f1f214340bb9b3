"""What people see, held to the letter at three widths.

Whoever means to change it writes it anew, and reads the difference before it is committed:

    WRITE_GOLDEN=1 python -m pytest tests/views/test_golden.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioner.views.wrapping import hung
from tests.views.scenes import SCENES

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = (60, 100, 200)
NAMES = [(scene, width) for scene in SCENES for width in WIDTHS]


@pytest.mark.parametrize(("scene", "width"), NAMES)
def test_it_reads_as_it_did(scene: str, width: int) -> None:
    """No line is longer than the screen, and every one is as it was agreed on."""
    text = "\n".join(hung(line, width).plain for line in SCENES[scene]()) + "\n"
    file = GOLDEN / f"{scene}-{width}.txt"
    if os.environ.get("WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert max(map(len, text.splitlines())) <= width
    assert file.read_text(encoding="utf-8") == text
    assert "not-to-be-seen" not in text
    assert "${" not in text


def test_no_golden_output_is_of_nothing() -> None:
    """Each stands for a scene, so none is forgotten."""
    assert {file.name for file in GOLDEN.iterdir()} == {f"{s}-{w}.txt" for s, w in NAMES}
