"""A stack around which orphans lie, and what is done about them, each time in a new process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from provisioner.api.strays import adopt_orphans, delete_orphans, find_orphans
from provisioner.engine.report import Report
from provisioner.inventory.lease import LASTS
from provisioner.operations.adoption import Adopted
from provisioner.operations.hunt import Hunt
from provisioner.stack import Stack
from tests.faults.weather import Killed, Trouble, fair
from tests.recovery.ruin import Ruin

T = TypeVar("T")


@dataclass
class Ground(Ruin):
    """A stage on which orphans are hunted."""

    def hunt(self, name: str = "", wanted: Stack | None = None, trouble: Trouble = fair) -> Hunt:
        """Look for orphans of a stack, or of the account."""
        found = self._new(lambda: find_orphans(self.clients, name, wanted, self.options), trouble)
        assert found is not None
        return found

    def attempt(self, *ids: str, trouble: Trouble = fair) -> Report | None:
        """Delete orphans; None if the process was killed."""
        name = self.stack.name
        return self._new(
            lambda: delete_orphans(self.clients, name, ids, None, self.options), trouble
        )

    def delete(self, *ids: str, trouble: Trouble = fair) -> Report:
        """Delete orphans in a process that lives to its end."""
        report = self.attempt(*ids, trouble=trouble)
        assert report is not None
        return report

    def take_in(self, *ids: str, wanted: Stack | None = None) -> Adopted:
        """Give orphans their records."""
        name = self.stack.name
        adopted = self._new(
            lambda: adopt_orphans(self.clients, name, ids, wanted, self.options), fair
        )
        assert adopted is not None
        return adopted

    def scatter(self, bucket: str, group: str) -> None:
        """A bucket and a log group with our tags that no record knows."""
        where: Any = {"LocationConstraint": self.session.region_name}
        s3, logs = self.client("s3"), self.client("logs")
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        tags = [{"Key": key, "Value": value} for key, value in self._tags("more").items()]
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
        logs.create_log_group(logGroupName=group, tags=self._tags("more_logs"))

    def _tags(self, address: str) -> dict[str, str]:
        return {"provisioner:stack": self.stack.name, "provisioner:address": address}

    def _new(self, work: Callable[[], T], trouble: Trouble) -> T | None:
        self.weather.new_process(trouble)
        try:
            return work()
        except Killed:
            self.clock.sleep(LASTS + 1)
            return None
        finally:
            self.last = self.weather.calls
            self.weather.new_process()
