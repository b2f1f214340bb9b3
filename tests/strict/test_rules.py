"""Each rule bites a plain program, and the kinds get through."""

from __future__ import annotations

import importlib

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError

from provisioner import strict
from provisioner.strict.rules import all_rules, home
from tests.faults.stage import Clients
from tests.strict.case import Ground, all_cases

CASES = all_cases()
EACH = pytest.mark.parametrize("name", CASES)


def test_every_rule_has_a_case_in_the_module_of_its_name() -> None:
    """A rule without a case can't be merged, and no case outlives its rule."""
    rules = {rule.name for rule in all_rules()}
    assert rules == set(CASES)
    for name in rules:
        module = importlib.import_module(f"tests.strict.cases.{home(name)}")
        assert name in {case.rule for case in module.CASES}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_a_rule_tells_what_and_whence(rule: strict.Rule) -> None:
    """Names are `service.what`; what it says is a sentence, its source an object and a page."""
    assert rule.name.partition(".")[2]
    assert rule.says.endswith(".")
    assert "; " in rule.source
    assert rule.before or rule.after


@EACH
def test_the_plain_program_is_right_without_the_rule(name: str, strict_aws: strict.Strict) -> None:
    """The emulator by itself does not know the rule."""
    strict_aws.only()
    CASES[name].naive(strict_aws.session.client)  # type: ignore[arg-type]


@EACH
def test_the_plain_program_fails_on_the_rule(name: str, strict_aws: strict.Strict) -> None:
    """The rule alone catches it, with AWS's code."""
    strict_aws.only(name)
    case = CASES[name]
    with pytest.raises((AssertionError, ClientError, WaiterError)) as caught:
        case.naive(strict_aws.session.client)  # type: ignore[arg-type]
    assert _code(caught.value) == case.fails


@EACH
def test_the_kinds_survive_the_rule(
    name: str, strict_aws: strict.Strict, strict_clock: strict.VirtualClock, session: boto3.Session
) -> None:
    """What the library does, it does under the rule, too."""
    strict_aws.only(name)
    plain = strict_aws.world.client
    CASES[name].survives(Ground(Clients(session), strict_clock, strict_aws, plain))


def _code(error: BaseException) -> str:
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Code"])
    return ""
