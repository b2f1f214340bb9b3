"""AWS's fixed control-plane rates, kept to before AWS has to say so.

Only rates that AWS documents as fixed per account and region stand here; everything else is left
to the throttling answers and the retry table.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from provisioner.aws.calls import Call, Delay, Delayed
from provisioner.aws.clock import Clock


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: `per_second` refill, `burst` at once."""

    per_second: float
    burst: float


RATES: Mapping[str, Rate] = MappingProxyType(
    {
        # API Gateway quotas for configuring and running a REST API: can't be raised.
        "apigateway.CreateRestApi": Rate(1 / 3, 1),
        "apigateway.DeleteRestApi": Rate(1 / 30, 1),
        "apigateway.CreateDeployment": Rate(1 / 5, 1),
        "apigateway.CreateResource": Rate(5, 5),
        "apigateway.DeleteResource": Rate(5, 5),
        "apigateway.GetResources": Rate(2.5, 5),
        "apigateway.PutRestApi": Rate(1, 1),
        "apigateway.UpdateAccount": Rate(1 / 20, 1),
        "apigateway": Rate(10, 40),
        # CloudTrail: per account and region.
        "cloudtrail.LookupEvents": Rate(2, 2),
        # Lambda quotas: all control-plane calls but GetFunction together.
        "lambda.GetFunction": Rate(100, 100),
        "lambda": Rate(15, 15),
    }
)


class Limiter:
    """Delays a call until its rate admits it. Safe across threads; one per account and region."""

    def __init__(self, clock: Clock, rates: Mapping[str, Rate] = RATES) -> None:
        self._clock = clock
        self._rates = rates
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[float, float]] = {}

    def take(self, call: Call, told: Delayed | None = None) -> bool:
        """Wait until the call may be sent; whether that took any time.

        Args:
            call: which.
            told: hears of the wait.
        """
        name = str(call) if str(call) in self._rates else call.service
        rate = self._rates.get(name)
        if rate is None:
            return False
        delay = self._reserve(name, rate)
        if delay > 0 and told:
            told(Delay(call, f"AWS takes {_often(rate)} of {name}", "", delay, 0.0, delay))
        if delay > 0:
            self._clock.sleep(delay)
        return delay > 0

    def _reserve(self, name: str, rate: Rate) -> float:
        """Take one token, going into debt if need be; return the seconds until it is earned."""
        with self._lock:
            now = self._clock.monotonic()
            tokens, since = self._tokens.get(name, (rate.burst, now))
            tokens = min(rate.burst, tokens + (now - since) * rate.per_second) - 1
            self._tokens[name] = (tokens, now)
            return max(0.0, -tokens / rate.per_second)


def _often(rate: Rate) -> str:
    """How often, in words: `10 a second`, `one in 30 s`."""
    if rate.per_second >= 1:
        return f"{rate.per_second:g} a second"
    return f"one in {1 / rate.per_second:.0f} s"
