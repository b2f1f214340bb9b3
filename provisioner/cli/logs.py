"""Logs on stderr: retries at -v, every AWS call at -vv; calls by name, never their contents."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass

import structlog
from structlog.typing import FilteringBoundLogger

from provisioner.aws.calls import Call, Delay


@dataclass(frozen=True)
class Log:
    """What the AWS gate tells."""

    logger: FilteringBoundLogger

    def retried(self, delay: Delay) -> None:
        """A call waits before it is sent, or sent again."""
        code = delay.said.partition(":")[0]
        self.logger.info(
            "retry",
            call=str(delay.call),
            reason=delay.reason,
            code=code,
            pause=round(delay.pause, 2),
            elapsed=round(delay.elapsed, 2),
        )

    def called(self, call: Call) -> None:
        """A call is sent."""
        self.logger.debug("call", call=str(call))


def logging_to_stderr(verbose: int) -> Log:
    """Configure structlog for one command.

    Args:
        verbose: 1 retries, 2 also every call.
    """
    level = logging.INFO if verbose == 1 else logging.DEBUG
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    return Log(structlog.get_logger())
