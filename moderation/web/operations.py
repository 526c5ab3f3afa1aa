"""What an operator's programs ask: does the process answer, can it work, and what does it understand.

These routes need no key and tell nothing of any site. Must not know how a comment is scored or stored.
"""

import base64
import hashlib
from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, render_template

from moderation.moderator import Moderator
from moderation.switching import Switch
from moderation.web.answers import Health, Readiness
from moderation.web.metrics import MEDIA_TYPE, Metrics
from moderation.web.openapi import document, operation
from moderation.web.transport import answer


def blueprint(moderator: Moderator, metrics: Metrics, switch: Switch, version: str) -> Blueprint:
    """The operator's routes. ``version`` is the program's."""
    routes = Blueprint("operations", __name__, template_folder="templates")
    _health(routes, moderator, switch)
    _metrics(routes, metrics)
    _documentation(routes, version)
    return routes


def _health(routes: Blueprint, moderator: Moderator, switch: Switch) -> None:
    @routes.get("/healthz")
    @operation("Whether the process answers", gives={200: Health}, open=True)
    def healthz() -> Response:
        return answer({"status": "ok"})

    @routes.get("/readyz")
    @operation("Whether the database answers and a release is loaded", gives={200: Readiness}, fails=(503,), open=True)
    def readyz() -> Response:
        moderator.ready()
        alerts = [switch.alert] if switch.alert else []
        return answer({"status": "ok", "database": "ok", "release": switch.release.version, "alerts": alerts})


def _metrics(routes: Blueprint, metrics: Metrics) -> None:
    @routes.get("/metrics")
    @operation("Figures for Prometheus", gives={200: "text/plain"}, open=True)
    def prometheus() -> Response:
        return Response(metrics.page(), content_type=MEDIA_TYPE)


def _documentation(routes: Blueprint, version: str) -> None:
    @cache
    def made() -> dict[str, Any]:
        return document(current_app, version)

    @routes.get("/openapi.json")
    @operation("This interface as an OpenAPI document", gives={200: "application/json"}, open=True)
    def openapi() -> Response:
        return answer(made())

    @routes.get("/docs")
    @operation("This interface as a page", gives={200: "text/html"}, open=True)
    def docs() -> Response:
        page = render_template("docs.html", document=made(), style=STYLE)
        return Response(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY}, mimetype="text/html")


STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { border-top: 1px solid; padding-top: 1rem; font: 600 1.1rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; border-radius: .25rem; }
table { border-collapse: collapse; margin-bottom: 1rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem 1rem .25rem 0; }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; frame-ancestors 'none'"
