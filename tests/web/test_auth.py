"""Who may ask."""

import pytest

from tests.web.conftest import Service


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic Z2F6ZXR0ZTpr", "Bearer wrong", "Bearer \xff", "k"]
)
def test_without_valid_key_nothing_opens(service: Service, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for method, path in [("POST", "/v1/score"), ("POST", "/v1/comments"), ("GET", "/v1/comments"),
                         ("GET", "/v1/comments/c"), ("POST", "/v1/comments/c/decisions"),
                         ("PUT", "/v1/articles/a"), ("GET", "/v1/articles/a")]:  # fmt: skip
        answer = service.client.open(path, method=method, headers=headers, data=b"not json")
        assert answer.status_code == 401
        assert answer.content_type == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")


def test_scheme_is_read_in_any_case(service: Service) -> None:
    answer = service.client.get("/v1/comments", headers={"Authorization": f"bEARER  {service.key} "})
    assert answer.status_code == 200


def test_key_never_stands_in_the_answer(service: Service) -> None:
    answer = service.client.get("/v1/comments", headers={"Authorization": "Bearer s3cret-guess"})
    assert "s3cret" not in answer.text + str(answer.headers)
