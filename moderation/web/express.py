"""The calls that come most, answered without what Flask does for each request.

``python -m benchmarks.requests_per_second`` measures it.
Must not know what a call does. All other requests go to Flask, which also describes these calls and their methods.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from pydantic_core import to_json

from moderation.web.metrics import ROUTE
from moderation.web.problems import problem_of
from moderation.web.transport import JSON

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Call = Callable[["WSGIEnvironment"], object]
"""Takes a request and gives what is answered as JSON, with status 200; its errors are those of any view."""


class Express:
    """A WSGI application that answers ``calls`` (by method and path) and leaves all others to ``application``."""

    def __init__(self, application: "WSGIApplication", calls: Mapping[tuple[str, str], Call]) -> None:
        self.application = application
        self.calls = calls

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        call = self.calls.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if call is None:
            return self.application(environ, start_response)
        environ[ROUTE] = environ["PATH_INFO"]
        try:
            data = to_json(call(environ))
        except Exception as error:
            return problem_of(error, environ)(environ, start_response)
        start_response("200 OK", [("Content-Type", JSON), ("Content-Length", str(len(data)))])
        return [data]
