"""The one place that wires the parts of the service into an application for a WSGI server.

``gunicorn 'api:create_app()'`` and ``moderation serve`` both start here. Nothing is opened before ``create_app``.
"""

from functools import partial
from importlib.metadata import version

from flask import Flask

from moderation import release as releases
from moderation import settings as every_setting
from moderation.gathering import GatheringRelease
from moderation.moderator import Moderator, utc_now
from moderation.release import Release
from moderation.settings import Settings
from moderation.shadow import Shadow
from moderation.shelf import Shelf
from moderation.storage.database import Database
from moderation.switching import Switch
from moderation.web import akismet, comments, coral, operations, perspective, problems, review, scoring
from moderation.web.auth import Gate
from moderation.web.express import Express
from moderation.web.metrics import Measured, Metrics
from moderation.web.release_metrics import ReleaseMetrics
from moderation.web.transport import SecureHeaders, behind_proxies

MOST_CONNECTIONS = 16
"""Connections of a process to its database, up to twice as many for a moment: most of its threads wait for one."""


def create_app(settings: Settings | None = None, release: Release | None = None) -> Flask:
    """The service as a WSGI application, with its own connections to the database.

    ``settings`` default to those of the environment, ``release`` to the current one of ``settings.models``; a caller
    that forks gives one release to all its processes. Raises SettingsError, ReleaseError, StoreError.
    """
    settings = settings or every_setting.load()
    release = release or releases.load(releases.current(settings.models))
    database = Database.open(settings.database_url, connections=min(settings.threads, MOST_CONNECTIONS))
    moderator = Moderator(GatheringRelease.of(release), database)
    moderator.warm()
    shelf = Shelf(settings.models)
    switch = Switch(shelf, release, moderator, Shadow(shelf, database, utc_now).work)
    switch.start()
    metrics = Metrics(moderator.endpoints.outgoing)
    metrics.add(ReleaseMetrics(switch, moderator))
    gate = Gate(moderator, metrics, settings.max_body_bytes)

    app = Flask("moderation", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.merge_slashes = False  # ids of comments and articles are other programs' words
    app.url_map.converters["name"] = comments.NameConverter
    app.register_blueprint(scoring.blueprint(gate))
    app.register_blueprint(comments.blueprint(gate))
    app.register_blueprint(akismet.blueprint(gate))
    app.register_blueprint(coral.blueprint(gate))
    app.register_blueprint(perspective.blueprint(gate))
    app.register_blueprint(operations.blueprint(moderator, metrics, switch, version("comment-moderation")))
    review.add_pages(app, moderator, switch)
    problems.register(app, {perspective.PATHS: perspective.refused})

    calls = {
        ("POST", "/v1/score"): partial(scoring.scored, gate),
        ("POST", "/v1/comments"): partial(comments.checked, gate),
    }
    wrapped = SecureHeaders(Measured(Express(app.wsgi_app, calls), metrics))
    app.wsgi_app = behind_proxies(wrapped, settings.proxies)  # type: ignore[method-assign,assignment]  # Flask's own way
    return app
