"""Presigned links are those that botocore makes, and cost little."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from app.storage import presign
from app.storage.object_store import ObjectStore, StoreAddress

ENDPOINTS = ["http://127.0.0.1:9000", "https://s3.example", "https://s3.example:443", "http://[::1]:9000", None]

STORES = {
    endpoint: ObjectStore(StoreAddress("reports-1", "eu-west-1", endpoint, access_key="key", secret_key="secret"))
    for endpoint in ENDPOINTS
}

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=40)


def by_botocore(store: ObjectStore, key: str, media_type: str, seconds: int) -> str:
    wanted = {
        "Bucket": store.bucket,
        "Key": key,
        "ResponseContentType": media_type,
        "ResponseContentDisposition": f'attachment; filename="{key.rpartition("/")[2]}"',
    }
    link: str = store._signer.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds)
    return link


def in_one_second(store: ObjectStore, key: str, media_type: str, seconds: int) -> tuple[str, str]:
    """The link of ours and that of botocore, signed in the same second."""
    while True:
        ours, theirs = (
            store.link(key, media_type=media_type, seconds=seconds),
            by_botocore(store, key, media_type, seconds),
        )
        if signed_at(ours) == signed_at(theirs):
            return ours, theirs


def signed_at(link: str) -> str:
    return parse_qs(urlsplit(link).query)["X-Amz-Date"][0]


@given(st.sampled_from(ENDPOINTS), TEXTS, TEXTS, st.integers(1, 604_800))
def test_a_link_is_the_one_that_botocore_makes(endpoint: str | None, name: str, media_type: str, seconds: int) -> None:
    ours, theirs = in_one_second(STORES[endpoint], f"reports/{name}", media_type, seconds)
    assert ours == theirs


def test_a_link_by_temporary_credentials_has_their_token() -> None:
    store = ObjectStore(StoreAddress("reports-1", "eu-west-1", ENDPOINTS[0], access_key="a", secret_key="b"))
    temporary = Credentials("temporary", "secret/+", "a token/+=")
    store._session._session._credentials = temporary
    store._signer._request_signer._credentials = temporary
    ours, theirs = in_one_second(store, "reports/a b.csv", "text/csv", 60)
    assert ours == theirs
    assert "X-Amz-Security-Token=a%20token%2F%2B%3D&" in ours


def test_the_key_of_a_day_is_derived_once_and_botocore_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    derived, asked = [], []
    derive = presign.signing_key

    def counted(secret: str, scope: str) -> bytes:
        derived.append((secret, scope))
        return derive(secret, scope)

    monkeypatch.setattr(presign, "signing_key", counted)

    def sample(key: str) -> str:
        asked.append(key)
        return by_botocore(STORES[None], key, "text/csv", 60)

    presigner, noon = presign.Presigner(sample), datetime(2024, 5, 31, 12, tzinfo=UTC)
    frozen = Credentials("key", "secret").get_frozen_credentials()
    links = [
        presigner.link(f"{number}.csv", {}, credentials=frozen, now=noon + timedelta(hours=6 * day), seconds=60)
        for day in range(4)
        for number in range(19)
    ]
    assert len(set(links)) == 4 * 19
    assert derived == [("secret", f"202405{day}/eu-west-1/s3/aws4_request") for day in (31,)] + [
        ("secret", "20240601/eu-west-1/s3/aws4_request")
    ]
    assert len(asked) == 1
    other = Credentials("key", "another").get_frozen_credentials()
    presigner.link("x", {}, credentials=other, now=noon, seconds=60)
    assert derived[-1] == ("another", "20240531/eu-west-1/s3/aws4_request")
