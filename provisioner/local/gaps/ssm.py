"""What moto 5.2 gets wrong in Parameter Store, filled.

- The tags of a deleted parameter are those of the next one of its name.
- A value is not held against `AllowedPattern`.
- `DescribeParameters` has pages of ten, whatever is asked for.
"""

from __future__ import annotations

import re
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.ssm.models import SimpleSystemManagerBackend as Backend
from moto.ssm.responses import SimpleSystemManagerResponse as Response

_delete_parameter = Backend.delete_parameter
_delete_parameters = Backend.delete_parameters
_put_parameter = Backend.put_parameter


def delete_parameter(self: Any, name: str) -> Any:
    """The tags go with it."""
    self._resource_tags["Parameter"].pop(name, None)
    return _delete_parameter(self, name)


def delete_parameters(self: Any, names: list[str]) -> list[str]:
    """The tags go with them."""
    for name in names:
        self._resource_tags["Parameter"].pop(name, None)
    return _delete_parameters(self, names)


def put_parameter(
    self: Any, name: str, description: str, value: str, parameter_type: str, *args: Any, **more: Any
) -> Any:
    """Refuse a value that does not fit the pattern sent with it."""
    pattern = more.get("allowed_pattern") or (args[0] if args else "")
    if pattern and not re.fullmatch(pattern, value or ""):
        raise JsonRESTError(
            "ParameterPatternMismatchException",
            f"Parameter value, cannot be validated against allowedPattern: {pattern}",
        )
    return _put_parameter(self, name, description, value, parameter_type, *args, **more)


def describe_parameters(self: Any) -> ActionResult:
    """Pages as long as they are wanted."""
    filters, named = self._get_param("Filters"), self._get_param("ParameterFilters")
    found = self.ssm_backend.describe_parameters(filters, named)
    start = int(str(self._get_param("NextToken") or "0").strip())
    end = start + int(self._get_param("MaxResults") or 10)
    shown = [parameter.describe_response_object(decrypt=False) for parameter in found[start:end]]
    more = {"NextToken": str(end)} if end < len(found) else {}
    return ActionResult({"Parameters": shown, **more})


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    for function in (delete_parameter, delete_parameters, put_parameter):
        setattr(Backend, function.__name__, function)
    Response.describe_parameters = describe_parameters  # type: ignore[method-assign]
