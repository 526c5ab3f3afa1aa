"""The one place that wires the parts of the service into an application for a WSGI server.

``gunicorn 'api:create_app()'`` and ``moderation serve`` both start here. Nothing is opened before ``create_app``.
"""

from importlib.metadata import version

from flask import Flask

from moderation import release as releases
from moderation import settings as every_setting
from moderation.moderator import Moderator
from moderation.release import Release
from moderation.settings import Settings
from moderation.storage.database import Database
from moderation.web import comments, operations, problems, scoring
from moderation.web.auth import Gate
from moderation.web.transport import SecureHeaders


def create_app(settings: Settings | None = None, release: Release | None = None) -> Flask:
    """The service as a WSGI application, with its own connections to the database.

    ``settings`` default to those of the environment, ``release`` to the current one of ``settings.models``; a caller
    that forks gives one release to all its processes. Raises SettingsError, ReleaseError, StoreError.
    """
    settings = settings or every_setting.load()
    release = release or releases.load(releases.current(settings.models))
    moderator = Moderator(release, Database.open(settings.database_url, connections=settings.threads))
    gate = Gate(moderator, settings.max_body_bytes)

    app = Flask("moderation", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.merge_slashes = False  # ids of comments and articles are other programs' words
    app.register_blueprint(scoring.blueprint(gate))
    app.register_blueprint(comments.blueprint(gate))
    app.register_blueprint(operations.blueprint(moderator, release.version, version("comment-moderation")))
    app.wsgi_app = SecureHeaders(app.wsgi_app)  # type: ignore[method-assign]  # how Flask is to be wrapped
    problems.register(app)
    return app
