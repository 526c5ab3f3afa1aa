"""What Prometheus reads of the release that scores, from the process that is asked.

Must not know how a release is taken up.
"""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from moderation.moderator import Moderator, StoreError
from moderation.switching import Switch


class ReleaseMetrics(Collector):
    """The release of this process, and whether it could not take up the current one."""

    def __init__(self, switch: Switch, moderator: Moderator) -> None:
        self._switch = switch
        self._moderator = moderator

    def collect(self) -> Iterator[Metric]:
        """The figures of now."""
        which = GaugeMetricFamily("moderation_release", "1 for the release that scores.", labels=["release"])
        which.add_metric([self._switch.release.version], 1)
        yield which
        told = "1 where the current release could not be taken up and an older one serves on."
        yield GaugeMetricFamily("moderation_release_alert", told, value=float(bool(self._switch.alert)))

        yield from self._drift()

    def _drift(self) -> Iterator[Metric]:
        try:
            found = self._moderator.reports.drift(self._switch.release)
        except StoreError:  # the other figures are told also where the database does not answer
            return
        if found is None:
            return
        for name, told, value in (
            ("stability", "Population stability index of the probabilities against the training.", found.stability),
            ("held", "Share of the last comments at or above the threshold.", found.held),
            ("false_holds", "Share of the last comments that was held and then approved.", found.false_holds),
            ("unseen", "Share of words that the training had not.", found.unseen),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"moderation_drift_{name}", told, value=value)
        told = "1 where it is time to train again; the dashboard says why."
        yield GaugeMetricFamily("moderation_drift_alert", told, value=float(bool(found.reasons)))

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand."""
        return iter(())
