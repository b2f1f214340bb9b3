"""Secret values taken out of errors: in every form, and nothing else."""

from __future__ import annotations

import pytest

from provisioner.errors import ManifestError, Problem
from provisioner.lifecycle.redaction import Redaction

SECRET = 'a "b" \\ ü&c=d/e'


@pytest.mark.parametrize(
    ("secret", "text", "said"),
    [
        (SECRET, f"not {SECRET}!", "not (secret)!"),
        (SECRET, f"not {SECRET!r}!", "not '(secret)'!"),
        (SECRET, 'not "a \\"b\\" \\\\ \\u00fc&c=d/e"!', 'not "(secret)"!'),
        (SECRET, "?t=a+%22b%22+%5C+%C3%BC%26c%3Dd%2Fe&x=1", "?t=(secret)&x=1"),
        ("health", "health, healthcare-dev, x-health, 'health'", None),
        ("https://a.b/in?key=0123", "at /in?key=0123 or 0123", "at /(secret) or (secret)"),
        ("https://u:pass1@a.b/in", "as u with pass1", "as u with (secret)"),
        ("-----BEGIN\nMIIEvQIBADANBg\n-----END", "at MIIEvQIBADANBg", "at (secret)"),
        ("yes", "yes, it is so short", "yes, it is so short"),
    ],
)
def test_a_secret_is_found_in_every_form(secret: str, text: str, said: str | None) -> None:
    """As it is, escaped, encoded, in pieces that tell enough; a short word only by itself."""
    alone = "(secret), healthcare-dev, x-health, '(secret)'"
    assert Redaction([secret]).text(text) == (alone if said is None else said)


def test_what_is_public_stays() -> None:
    """A value that is known to be no secret is told."""
    redaction = Redaction({"arn:aws:iam::1:role/a", "a-secret-token-0"}, {"arn:aws:iam::1:role/a"})
    assert redaction.text("arn:aws:iam::1:role/a a-secret-token-0") == (
        "arn:aws:iam::1:role/a (secret)"
    )


def test_problems_of_a_manifest_are_cleaned_one_by_one() -> None:
    """They are printed by themselves."""
    error = ManifestError([Problem("not token-0123", hint="but token-0123")])
    Redaction(["token-0123"]).error(error)
    assert (str(error), error.problems[0].hint) == ("not (secret) but (secret)", "but (secret)")


def test_an_error_that_keeps_its_words_is_cut_off() -> None:
    """What can't be changed does not stand behind an error any more; the rest does."""

    class StubbornError(Exception):
        def __str__(self) -> str:
            return "not token-0123"

    clean = KeyError("fine")
    clean.__cause__ = StubbornError()
    error = ValueError("token-0123")
    error.__cause__ = clean
    error.add_note("about token-0123")
    told = Redaction(["token-0123"]).error(error)
    assert told is error
    assert (str(error), error.__notes__) == ("(secret)", ["about (secret)"])
    assert error.__cause__ is clean
    assert clean.__cause__ is None
