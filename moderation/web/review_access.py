"""Who sees a page and who may change something: sessions, roles, requests judged by where they come from.

Must not know what any page shows, nor how a password is checked.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, HTTPException, Unauthorized

from moderation import moderator as store
from moderation.moderator import Moderator, Role, SignedIn, User
from moderation.web.problems import RETRY_AFTER_S, problem
from moderation.web.schemas import InvalidInputError

COOKIE = "moderation_session"
COOKIE_SECONDS = 30 * 24 * 3600
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # under "no-referrer" browsers send forms with the origin "null"
}
_STATUS: dict[type[store.StoreError], int] = {
    store.NotFound: 404,
    store.Conflict: 409,
    store.Invalid: 400,
    store.Throttled: 429,
}
View = TypeVar("View", bound=Callable[..., Any])


def site_asked_for(moderator: Moderator) -> store.Site:
    """The site that the address of a page names. Raises NotFound."""
    return moderator.site(request.args.get("site", ""))


def open_to_all(view: View) -> View:
    """Mark a view that needs no session."""
    view.open_to_all = True  # type: ignore[attr-defined]  # a function carries its declaration
    return view


def for_administrators(view: View) -> View:
    """Mark a view that only administrators may use."""
    view.for_administrators = True  # type: ignore[attr-defined]  # a function carries its declaration
    return view


def guard(pages: Blueprint, moderator: Moderator) -> None:
    """Judge each request to these pages before its view runs, and give each answer its headers."""

    @pages.before_request
    def judge() -> ResponseReturnValue | None:
        if request.method not in ("GET", "HEAD", "OPTIONS") and not is_of_our_pages():
            raise Forbidden("this request did not come from the service's own pages")
        view: Any = current_app.view_functions[str(request.endpoint)]
        if request.endpoint == f"{pages.name}.static":
            return None
        g.user = _user(moderator)
        if g.user is None and not hasattr(view, "open_to_all"):
            return _to_sign_in()
        if hasattr(view, "for_administrators") and g.user.role is not Role.ADMINISTRATOR:
            raise Forbidden("only administrators may see this page")
        return None

    @pages.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @pages.context_processor
    def words() -> dict[str, Any]:
        return {"user": g.get("user"), "release": moderator.release.version, "Role": Role}

    pages.register_error_handler(store.StoreError, _refused)
    pages.register_error_handler(InvalidInputError, _invalid)
    pages.register_error_handler(HTTPException, _http)


def user() -> User:
    """Who asks, in a view that needs a session."""
    found: User = g.user
    return found


def is_signed_in() -> bool:
    """Whether anybody is signed in, in a view that is open to all."""
    return g.get("user") is not None


def token() -> str:
    """The token of the request's cookie, or nothing."""
    return request.cookies.get(COOKIE, "")[:200]


def remember(response: Response, signed_in: SignedIn) -> Response:
    """Hand the session to the browser: not to its scripts, not to other sites, and only by https where that is used."""
    response.set_cookie(
        COOKIE, signed_in.token, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=_is_secure()
    )
    return response


def forget(response: Response) -> Response:
    """Take the session away from the browser."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=_is_secure())
    return response


def is_of_our_pages() -> bool:
    """Whether a browser says that one of our own pages sent this request.

    By ``Sec-Fetch-Site``, which browsers send to https and to this machine; elsewhere by ``Origin``.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host


def address_on_this_service(text: str) -> str:
    """Where a person wanted to go before they signed in, if that is one of our pages; else the queue."""
    queue = url_for("review.queue")
    parts = urlsplit(text)
    path_is_ours = parts.path in ("/try", queue) or parts.path.startswith(f"{queue}/")
    is_plain = text.isascii() and text.isprintable() and "\\" not in text
    return text if is_plain and path_is_ours and not parts.scheme and not parts.netloc else queue


def _user(moderator: Moderator) -> User | None:
    session = moderator.accounts.session(token()) if token() else None
    return None if session is None else session.user


def _to_sign_in() -> ResponseReturnValue:
    if request.method != "GET" or _wants_json():
        raise Unauthorized("your session has ended: sign in again")
    wanted = request.full_path.rstrip("?")
    return redirect(url_for("review.sign_in", next=wanted))


def _is_secure() -> bool:
    """Also where a proxy ends https: the browser's own word for the page that it sends from."""
    return request.is_secure or request.headers.get("Origin", "").startswith("https://")


def _wants_json() -> bool:
    return request.is_json or request.accept_mimetypes.best == "application/json"


def _refused(error: store.StoreError) -> Response:
    status = _STATUS.get(type(error), 503)
    headers = {}
    if isinstance(error, store.Throttled):
        headers["Retry-After"] = str(error.retry_after_s)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return _answer(status, str(error), headers)


def _invalid(error: InvalidInputError) -> Response:
    return _answer(400, str(error), {})


def _http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < HTTPStatus.BAD_REQUEST:
        return error
    return _answer(status, error.description or HTTPStatus(status).description, {})


def _answer(status: int, detail: str, headers: dict[str, str]) -> Response:
    if _wants_json():
        return problem(status, detail, headers=headers)
    page = render_template("error.html", status=status, title=HTTPStatus(status).phrase, detail=detail)
    return Response(page, status, headers)
