"""The contract of a resource kind, and one object brought to its spec. A kind's module starts here.

`contract` says what a kind provides, in the words of `spec`, `marks`, `observed`, `difference`,
`owner` and `words`; `ensure` and what it is made of do the same for every kind.
"""

from provisioner.lifecycle.canonical import Json
from provisioner.lifecycle.contract import AnyType, ResourceType, local_fields
from provisioner.lifecycle.difference import Changes, Difference, Origin, differences
from provisioner.lifecycle.marks import (
    COMPUTED,
    CREATE,
    IMMUTABLE,
    LOCAL,
    SECRET,
    FieldRule,
    Mark,
    Stage,
    Wait,
    lags,
    marks_of,
    rules_of,
)
from provisioner.lifecycle.observed import Observed, Phase, of_stack
from provisioner.lifecycle.owner import ADDRESS_TAG, RESERVED_TAGS, STACK_TAG, TOKEN_TAG, Owner
from provisioner.lifecycle.spec import Hidden, Settings, Spec, settings_of
from provisioner.lifecycle.words import Drained, Extra, Obstacle, Patience

__all__ = [
    "ADDRESS_TAG",
    "COMPUTED",
    "CREATE",
    "IMMUTABLE",
    "LOCAL",
    "RESERVED_TAGS",
    "SECRET",
    "STACK_TAG",
    "TOKEN_TAG",
    "AnyType",
    "Changes",
    "Difference",
    "Drained",
    "Extra",
    "FieldRule",
    "Hidden",
    "Json",
    "Mark",
    "Observed",
    "Obstacle",
    "Origin",
    "Owner",
    "Patience",
    "Phase",
    "ResourceType",
    "Settings",
    "Spec",
    "Stage",
    "Wait",
    "differences",
    "lags",
    "local_fields",
    "marks_of",
    "of_stack",
    "rules_of",
    "settings_of",
]
