"""What moto 5.2 gets wrong in CloudWatch, filled.

- `PutMetricAlarm` tags an alarm that was there already.
- `PutDashboard` ignores tags; `TagResource` knows no dashboards.
"""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

_put_metric_alarm = CloudWatchBackend.put_metric_alarm
_tag_resource = CloudWatchBackend.tag_resource
_delete_dashboards = CloudWatchBackend.delete_dashboards
_put_dashboard = CloudWatchResponse.put_dashboard


def put_metric_alarm(self: Any, name: str, *args: Any, **named: Any) -> Any:
    """Take tags on creation only."""
    if name in self.alarms:
        named.pop("tags", None)
    return _put_metric_alarm(self, name, *args, **named)


def put_dashboard(self: Any) -> ActionResult:
    """Take tags, on creation only."""
    backend = self.cloudwatch_backend
    name = self._get_param("DashboardName")
    new = name not in backend.dashboards
    answer: ActionResult = _put_dashboard(self)
    tags = self._get_param("Tags", [])
    if new and tags:
        backend.tagger.tag_resource(backend.dashboards[name].arn, tags)
    return answer


def delete_dashboards(self: Any, dashboards: list[str]) -> Any:
    """The tags go with the page."""
    arns = [self.dashboards[name].arn for name in dashboards if name in self.dashboards]
    answer = _delete_dashboards(self, dashboards)
    if answer is None:
        for arn in arns:
            self.tagger.delete_all_tags_for_resource(arn)
    return answer


def tag_resource(self: Any, arn: str, tags: dict[str, str]) -> None:
    """Tag dashboards, too."""
    if any(page.arn == arn for page in self.dashboards.values()):
        self.tagger.tag_resource(arn, self.tagger.convert_dict_to_tags_input(tags))
        return
    _tag_resource(self, arn, tags)


def fill() -> None:
    """Put the fillings in place. Doing so again changes nothing."""
    CloudWatchBackend.put_metric_alarm = put_metric_alarm  # type: ignore[method-assign]
    CloudWatchBackend.tag_resource = tag_resource  # type: ignore[method-assign]
    CloudWatchBackend.delete_dashboards = delete_dashboards  # type: ignore[method-assign]
    CloudWatchResponse.put_dashboard = put_dashboard  # type: ignore[method-assign]
