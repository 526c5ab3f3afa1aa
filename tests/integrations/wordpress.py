"""Debian's WordPress in a directory, a database and a port of its own, as its readers and its moderators meet it."""

import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "integrations" / "wordpress" / "comment-moderation.php"
SETUP = Path(__file__).with_name("wordpress_setup.php")
SOURCE = Path("/usr/share/wordpress")
THEME = SOURCE / "wp-content" / "themes" / "twentytwentythree"
NEEDED = ("php", "mariadb")
PATIENCE_S = 120
"""How long anything may take on a machine that is busy with other tests."""

CONFIG = """<?php
define( 'DB_NAME', '{name}' );
define( 'DB_USER', '{name}' );
define( 'DB_PASSWORD', '{password}' );
define( 'DB_HOST', 'localhost' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'AUTH_KEY', '{password}' );
define( 'SECURE_AUTH_KEY', '{password}' );
define( 'LOGGED_IN_KEY', '{password}' );
define( 'NONCE_KEY', '{password}' );
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', '{log}' );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'DISABLE_WP_CRON', true );
$table_prefix = 'wp_';
defined( 'ABSPATH' ) || define( 'ABSPATH', __DIR__ . '/' );
require_once ABSPATH . 'wp-settings.php';
"""
"""WordPress without its host's cron and without the world: it reaches its own address and the tests' service only."""

NO_FLOOD = "<?php add_filter( 'comment_flood_filter', '__return_false' );"
"""Else WordPress lets one address comment every 15 seconds, and all readers of the tests have the same."""


def missing() -> str:
    """What this machine lacks for a WordPress, empty where it has all."""
    if not THEME.is_dir():
        return f"no WordPress with its theme in {SOURCE}"
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    if lacking:
        return f"no {lacking[0]} on this machine"
    asked = subprocess.run(["mariadb", "-e", "SELECT 1"], check=False, capture_output=True, timeout=30)
    return "" if asked.returncode == 0 else "no MariaDB answers here without a password"


@dataclass(frozen=True)
class WordPress:
    """A WordPress that answers. ``password`` is that of ann, its administrator."""

    address: str
    directory: Path
    database: str
    password: str

    @property
    def log(self) -> str:
        """What PHP complained of."""
        path = self.directory / "debug.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def status(self, text: str) -> str:
        """What became of the comment with this text, in WordPress's word: 1, 0, spam, trash; empty where it is lost."""
        found = self.rows(f"SELECT comment_approved FROM wp_comments WHERE comment_content LIKE '%{text}%'")
        return "".join(found)

    def meta(self, text: str, key: str) -> list[str]:
        """A comment's values of a meta key."""
        comment = f"SELECT comment_ID FROM wp_comments WHERE comment_content LIKE '%{text}%'"
        return self.rows(
            f"SELECT meta_value FROM wp_commentmeta WHERE meta_key = '{key}' AND comment_id IN ({comment})"
        )

    def rows(self, query: str) -> list[str]:
        """The lines that a query gives."""
        return _mariadb(query, self.database).splitlines()

    def run(self, code: str) -> str:
        """What PHP code says that knows WordPress's functions."""
        script = f"require '{self.directory}/wp-load.php'; {code}"
        return _output(["php", "-d", "display_errors=stderr", "-r", script])

    def publish(self, title: str, body: str) -> int:
        """Publish an article, as an editor does; its number."""
        post = {"post_title": title, "post_content": body, "post_status": "publish", "post_author": 1}
        made = self.run(f"echo wp_insert_post( json_decode( '{json.dumps(post)}', true ) );")
        return int(made)

    def run_due_tasks(self) -> None:
        """Let the time come that WordPress's next tasks of Akismet wait for, and run them as cron does."""
        hook = "akismet_schedule_cron_recheck"
        self.run(f"wp_clear_scheduled_hook( '{hook}' ); wp_schedule_single_event( time() - 1, '{hook}' );")
        urllib.request.urlopen(f"{self.address}/wp-cron.php", timeout=PATIENCE_S).close()

    def comment(self, article: str, text: str, **more: str) -> None:
        """Comment on an article as a reader does whose browser runs no script. ``more`` are fields of the form."""
        number = self.run(f"echo url_to_postid( home_url( '{article}' ) );")
        form = {"comment": text, "author": "Anna Berger", "email": "anna@reader.example", "comment_post_ID": number}
        form |= more
        call = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=PATIENCE_S)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Mozilla/5.0"}
        call.request("POST", "/wp-comments-post.php", urlencode(form), headers)
        answer = call.getresponse()
        assert answer.status == HTTPStatus.FOUND, answer.read()
        call.close()

    def shows(self, article: str, text: str) -> bool:
        """Whether any reader sees a text under an article."""
        with urllib.request.urlopen(f"{self.address}/{article}", timeout=PATIENCE_S) as page:
            return text in page.read().decode()

    def call(self, path: str, body: Any) -> tuple[int, Any]:
        """The status and the answer to JSON that is posted to the REST interface."""
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}/wp-json/{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@contextmanager
def running(directory: Path) -> Iterator[WordPress]:
    """A fresh WordPress with the stock Akismet plugin and ours, while the block lasts."""
    port, name, password = free_port(), f"wp_{secrets.token_hex(6)}", secrets.token_hex(16)
    made = WordPress(f"http://127.0.0.1:{port}", directory / "wordpress", name, password)
    _copy(made)
    with _database(made), _serving(made, port):
        yield made


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(port: int, seconds: float = PATIENCE_S) -> None:
    """Wait until somebody listens on a port."""
    ends_at = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < ends_at, f"nobody listens on port {port}"
            time.sleep(0.05)
        else:
            return


def _copy(made: WordPress) -> None:
    """WordPress finds its settings beside its own files, so that links to these would not do."""
    leave = shutil.ignore_patterns(".htaccess", "wp-config.php", "*.map")
    shutil.copytree(SOURCE, made.directory, ignore=leave, ignore_dangling_symlinks=True)
    config = CONFIG.format(name=made.database, password=made.password, log=made.directory / "debug.log")
    (made.directory / "wp-config.php").write_text(config)
    plugins = made.directory / "wp-content" / "mu-plugins"
    plugins.mkdir()
    shutil.copy(PLUGIN, plugins)
    (plugins / "tests.php").write_text(NO_FLOOD)


@contextmanager
def _database(made: WordPress) -> Iterator[None]:
    user = f"'{made.database}'@'localhost'"
    _mariadb(f"CREATE DATABASE {made.database}; CREATE USER {user} IDENTIFIED BY '{made.password}'")
    _mariadb(f"GRANT ALL ON {made.database}.* TO {user}")
    try:
        _output(["php", str(SETUP), str(made.directory), made.address, made.password])
        yield
    finally:
        _mariadb(f"DROP DATABASE {made.database}; DROP USER {user}")


@contextmanager
def _serving(made: WordPress, port: int) -> Iterator[None]:
    """PHP's own server. Several workers, since WordPress calls itself."""
    options = ["-d", "sendmail_path=/bin/true", "-d", "opcache.enable_cli=1"]
    command = ["php", *options, "-S", f"127.0.0.1:{port}", "-t", str(made.directory)]
    environ = os.environ | {"PHP_CLI_SERVER_WORKERS": "4"}
    with (made.directory / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_until(port)
            yield
        finally:
            os.killpg(server.pid, 15)
            server.wait(30)


def _mariadb(statements: str, database: str = "") -> str:
    return _output(["mariadb", "--batch", "--skip-column-names", *filter(None, [database]), "-e", statements])


def _output(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout
