"""An adoption of one object of each kind, and what must hold however often it dies.

    python -m tests.ownership.adoption           killed at every call, on both sides of it
    python -m tests.ownership.adoption --every 9

A walk over every call takes minutes; the tests take some of them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, get_args

from tests.faults.weather import Side, fair, killed_at, silence_the_dead
from tests.ownership.hands import ACCOUNT, HANDS
from tests.ownership.world import Target, World, stack_of, target, world

TARGETS = [target(kind) for kind in HANDS]
SAME: dict[str, dict[str, Any]] = {
    "lambda_permission": {
        "principal": ACCOUNT,
        "action": "lambda:GetFunction",
        "source_arn": None,
    },
    "iam_policy": {"description": "theirs"},
}
"""What can't be changed must be wanted as it is, or nothing is adopted."""


@dataclass
class Adoption:
    """A world in which one object of each kind was made by hand.

    Attributes:
        stage: whose runs may adopt.
        before: what the objects held.
    """

    stage: World
    before: Any = None

    @classmethod
    @contextmanager
    def begun(cls) -> Iterator[Adoption]:
        """Everything is made by hand, nothing is adopted yet."""
        with world(stack_of(*HANDS, **SAME), adopt=True) as stage:
            for one in TARGETS:
                one.hand.make(stage.hands, one.id)
            adoption = cls(stage)
            adoption.before = adoption.content()
            yield adoption

    def told(self) -> dict[Target, Any]:
        """All that AWS tells of each object."""
        return {one: one.hand.told(self.stage.hands, one.id) for one in TARGETS}

    def content(self) -> Any:
        """What the objects hold."""
        told = {one.kind: of for one, of in self.told().items()}
        sqs = self.stage.hands("sqs")
        url = sqs.get_queue_url(QueueName="own")["QueueUrl"]
        counted = "ApproximateNumberOfMessages"
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[counted])["Attributes"]
        streams = told["logs.log_group"][2]
        return told["s3.bucket"][1], told["dynamodb.table"][4], streams, queue[counted]

    def left_alone(self) -> list[str]:
        """What a teardown touched."""
        before, held = self.told(), self.content()
        down = self.stage.down()
        if down is None or down.result != "succeeded" or down.summary["deleted"]:
            return [f"the teardown: {down and down.summary}"]
        wrong = [str(one) for one, told in self.told().items() if told != before[one]]
        return wrong if self.content() == held else [*wrong, "content"]


def strike(number: int, side: str) -> list[str]:
    """Kill an adoption at one side of its nth call; what is wrong after it went on."""
    with Adoption.begun() as adoption:
        at: Side = "before" if side == "before" else "after"
        if adoption.stage.up(killed_at(number, at)) is not None:
            return ["it was not killed"]
        again = adoption.stage.up()
        if again is None or again.result != "succeeded":
            return [f"the next run: {again and again.outcome.failed}"]
        same = adoption.stage.up()
        if same is None or same.result != "succeeded" or same.summary["unchanged"] != len(HANDS):
            return [f"one more run: {same and same.summary}"]
        if adoption.content() != adoption.before:
            return ["content was touched"]
        return adoption.left_alone()


def calls_of_an_adoption() -> int:
    """How many calls an adoption makes that nothing disturbs."""
    with Adoption.begun() as adoption:
        adoption.stage.up(fair)
        return adoption.stage.made


def main(arguments: list[str] | None = None) -> int:
    """Kill at every call; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=1, help="begin with this call")
    parser.add_argument("--every", type=int, default=1, help="only each nth call")
    chosen = parser.parse_args(arguments)
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
    silence_the_dead()
    wrong, count = 0, 0
    for number in range(chosen.first, calls_of_an_adoption() + 1, chosen.every):
        for side in get_args(Side):
            count += 1
            if found := strike(number, side):
                wrong += 1
                sys.stdout.write(f"✗ killed {side} call {number}: {found}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{count} points, {wrong} wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
