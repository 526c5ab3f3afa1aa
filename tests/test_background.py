"""What runs beside the requests scores with the release that is current, as the requests do."""

from ipaddress import ip_network
from pathlib import Path

from moderation import background
from moderation import release as releases
from moderation.comment import Article, Comment
from moderation.moderator import Moderator
from moderation.settings import Settings
from moderation.storage.database import Database
from tests.conftest import ORDINARY
from tests.receiver import LOCAL, Reply, receiving
from tests.shelves import FIRST, SECOND, shelf_of
from tests.test_fetching import HTML, PAGE


def test_fetched_article_is_scored_by_the_current_release(tmp_path: Path, database_url: str) -> None:
    shelf = shelf_of(tmp_path / "models", FIRST, SECOND)
    settings = Settings(database_url=database_url, models=shelf.models, allowed_networks=(ip_network(LOCAL),))
    first = releases.load(shelf.models / FIRST)
    database = Database.open(database_url, connections=2)
    moderator = Moderator(first, database)
    moderator.add_site("gazette")
    site = moderator.site("gazette")
    beside = background.prepare(settings, first, 1)
    with receiving(lambda _sent: Reply(200, HTML, PAGE)) as receiver:
        moderator.endpoints.set_hosts(site, ["127.0.0.1"])
        moderator.check(site, Comment(ORDINARY, "c-1"), Article(url=f"{receiver.url}/night-ferry"))
        assert moderator.comment(site, "c-1").score.release == FIRST
        (shelf.models / "current").write_text(SECOND)
        beside.work_off()
    assert moderator.comment(site, "c-1").score.release == SECOND
    database.close()
