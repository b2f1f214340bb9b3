"""What people made by hand, with settings of their own, is imported and adopted as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.api.imports import describe
from provisioner.api.plans import plan
from provisioner.api.runs import apply
from provisioner.manifest import load
from provisioner.manifest.writing import text_of
from provisioner.operations.importing import Wish
from provisioner.stack import Stack
from provisioner.views.imports import addition_of
from tests.ownership.hands import HANDS
from tests.ownership.world import World, stack_of, target, world

HANDMADE = sorted(set(HANDS) - {"lambda.function"})
"""All but functions, whose code comes from a folder."""
SECRETS = {"ssm.parameter": "theirs"}
"""What a person fills in."""


def imported(stage: World, kind: str, folder: Path) -> Stack:
    """A stack of what was imported."""
    found = describe(stage.session, [Wish(kind, target(kind).id)], stage.options)
    assert found.passed == ()
    (folder / "taken.yaml").write_text("stack: taken\n" + text_of(addition_of(found)))
    [entry] = found.entries
    variables = dict.fromkeys(entry.variables, SECRETS.get(kind, ""))
    return Stack.of(load(folder / "taken.yaml", variables=variables))


@pytest.mark.parametrize("kind", HANDMADE)
def test_what_hands_made_is_the_same_afterwards(kind: str, tmp_path: Path) -> None:
    """Everything that AWS tells of it through plain boto3; the next plan has nothing to do."""
    what = target(kind)
    with world(stack_of(kind), adopt=True) as stage:
        what.hand.make(stage.hands, what.id)
        before = what.hand.told(stage.hands, what.id)
        stage.clock.sleep(3600)
        stack = imported(stage, kind, tmp_path)
        apply(stage.session, stack, stage.options).check()
        assert what.hand.told(stage.hands, what.id) == before
        assert plan(stage.session, stack, stage.options).empty
