"""``moderation site``: publications, their keys, and where they hear of their comments."""

import json
from datetime import timedelta
from typing import Any, TextIO

import click

from moderation.terminal import as_json, opened_moderator, visible

NONE = "none"


@click.group()
def site() -> None:
    """Publications that ask the service, and their keys."""


@site.command("add")
@click.argument("name")
@as_json
def add_site(name: str, as_json: bool) -> None:
    """Add a site and show its key, once."""
    with opened_moderator() as moderator:
        _show_key(name, moderator.add_site(name), as_json)


@site.command("rotate-key")
@click.argument("name")
@as_json
def rotate_key(name: str, as_json: bool) -> None:
    """Give a site a new key in place of the old one, and show it, once."""
    with opened_moderator() as moderator:
        _show_key(name, moderator.rotate_key(name), as_json)


@site.command("akismet-key")
@click.argument("name")
@as_json
def akismet_key(name: str, as_json: bool) -> None:
    """Give a site a new key for Akismet's clients in place of the one that it had, and show it, once."""
    from moderation.moderator import KeyKind

    with opened_moderator() as moderator:
        _show_key(name, moderator.rotate_key(name, kind=KeyKind.AKISMET), as_json)


@site.command("list")
@as_json
def list_sites(as_json: bool) -> None:
    """List the sites."""
    with opened_moderator() as moderator:
        names = [site.name for site in moderator.sites()]
    if as_json:
        click.echo(json.dumps([{"site": name} for name in names]))
    else:
        click.echo("\n".join(map(visible, names)) or "No site yet: moderation site add NAME")


@site.command("set")
@click.argument("name")
@click.option("--endpoint", metavar="URL", help="Where its events go; `none` ends that, with all that is pending.")
@click.option("--events", type=click.Choice(["on", "off"]), help="Let its events go out, or wait.")
@click.option(
    "--article-host",
    "hosts",
    metavar="HOST",
    multiple=True,
    help="Fetch articles from here by their address; several times for several; `none` for none.",
)
@as_json
def set_site(name: str, endpoint: str | None, events: str | None, hosts: tuple[str, ...], as_json: bool) -> None:
    """Say where a site's events go, and from where its articles come; without options, tell how it is set.

    The secret that signs events is shown once, when they are sent somewhere for the first time.
    """
    with opened_moderator() as moderator:
        site, secret = moderator.site(name), None
        if endpoint == NONE:
            moderator.endpoints.remove(site)
        elif endpoint is not None:
            secret = moderator.endpoints.set(site, endpoint)
        if events is not None:
            moderator.endpoints.switch(site, events == "on")
        if hosts:
            moderator.endpoints.set_hosts(site, () if hosts == (NONE,) else hosts)
        known, listed = moderator.endpoints.find(site), moderator.endpoints.hosts(site)
    told: dict[str, Any] = {"site": name, "endpoint": None if known is None else known.url, "events": _state(known)}
    told["article_hosts"] = list(listed)
    _show_facts(told | ({} if secret is None else {"secret": secret}), as_json)


@site.command("rotate-secret")
@click.argument("name")
@as_json
def rotate_secret(name: str, as_json: bool) -> None:
    """Sign a site's events with a new secret, shown once; the old one signs beside it for a day."""
    with opened_moderator() as moderator:
        secret = moderator.endpoints.rotate(moderator.site(name))
    _show_facts({"site": name, "secret": secret}, as_json)


@site.command("webhook-secret")
@click.argument("name")
@click.option(
    "--keep-hours", type=click.IntRange(0, 720), default=24, show_default=True, help="How long old ones sign."
)
@as_json
def webhook_secret(name: str, keep_hours: int, as_json: bool) -> None:
    """Make a secret with which a site signs its calls in place of sending its key, and show it, once."""
    with opened_moderator() as moderator:
        secret = moderator.signatures.new_secret(moderator.site(name), timedelta(hours=keep_hours))
    _show_facts({"site": name, "secret": secret}, as_json)


@site.command("coral")
@click.argument("name")
@click.option("--url", help="Its Coral's address, with --token-file; `none` ends that.")
@click.option("--token-file", type=click.File(), help="Holds the access token of a moderator there; - is the input.")
@click.option("--secret-file", type=click.File(), help="Holds a signing secret of a phase or webhook; - is the input.")
@as_json
def set_coral(name: str, url: str | None, token_file: TextIO | None, secret_file: TextIO | None, as_json: bool) -> None:
    """Connect a site with its Coral; without options, tell how it is set."""
    if url not in (None, NONE) and token_file is None:
        raise click.UsageError("--url needs --token-file")
    with opened_moderator() as moderator:
        site = moderator.site(name)
        if secret_file is not None:
            moderator.signatures.add_secret(site, secret_file.read().strip())
        if url == NONE:
            moderator.coral.disconnect(site)
        elif url is not None and token_file is not None:
            moderator.coral.connect(site, url, token_file.read().strip())
        known, secrets = moderator.coral.connection(site), moderator.signatures.secrets(site)
    count = sum(secret.door == "coral" for secret in secrets)
    told = {"site": name, "coral": None if known is None else known.url, "state": _state(known), "secrets": count}
    _show_facts(told, as_json)


def _state(endpoint: Any) -> str:
    if endpoint is None:
        return "none"
    return "on" if endpoint.active else f"off: {endpoint.trouble}" if endpoint.trouble else "off"


def _show_facts(facts: dict[str, Any], as_json: bool) -> None:
    lines = (f"{name.replace('_', ' ')}: {visible(_in_words(value))}" for name, value in facts.items())
    click.echo(json.dumps(facts) if as_json else "\n".join(lines))


def _in_words(value: Any) -> str:
    return ", ".join(value) or NONE if isinstance(value, list) else str(NONE if value is None else value)


def _show_key(site: str, key: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"site": site, "key": key}))
    else:
        click.echo(f"The key of {visible(site)}, shown only now: {key}")
