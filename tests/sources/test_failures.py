"""What is said of a request that got no answer: our own words, none of a library's."""

import socket
import ssl

import httpx2
import pytest

from app.sources.api.failures import words_of
from tests.commands import free_port
from tests.sources.scripted import Scripted, scripted_api


def failure(url: str) -> str:
    with pytest.raises(httpx2.HTTPError) as failed:
        httpx2.get(url, timeout=5)
    return words_of(failed.value)


def test_a_port_at_which_nothing_listens_refuses() -> None:
    assert failure(f"http://127.0.0.1:{free_port()}") == (
        "the connection was refused: nothing listens there, or a firewall blocks it"
    )


def test_http_behind_an_https_address_does_not_speak_tls() -> None:
    with scripted_api() as api:
        api.answers(Scripted({}))
        assert failure(api.base_url.replace("http:", "https:")).startswith("it shares no version of TLS")


def test_a_connection_that_ends_at_once_has_ended_before_the_answer_was_whole() -> None:
    with scripted_api() as api:
        api.answers(Scripted({"a": 1}, cut=3))
        assert failure(api.base_url) == "the connection ended before the response was complete"


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "there is no such host, or the name server does not answer"),
        (OSError(113, "No route to host"), "it cannot be reached from this machine's network"),
        (ssl.SSLCertVerificationError(), "its certificate is not trusted"),
        (None, "no connection came about"),
    ],
)
def test_what_the_system_has_answered_is_said_and_not_its_number(cause: Exception | None, words: str) -> None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        cause.verify_message = "self-signed certificate"
    error = httpx2.ConnectError("[Errno 1] text of a library")
    error.__cause__ = cause
    said = words_of(error)
    assert said.startswith(words)
    assert "Errno" not in said


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx2.ConnectTimeout("x"), "the connection timed out"),
        (httpx2.ReadTimeout("x"), "it timed out"),
        (httpx2.ProxyError("x"), "the proxy set in the environment refuses the connection"),
        (httpx2.DecodingError("x"), "its answer is compressed and cannot be read"),
        (httpx2.LocalProtocolError("x"), "its answer does not follow HTTP"),
        (ValueError("x"), "its answer is not JSON"),
    ],
)
def test_each_failure_of_the_client_has_words_of_its_own(error: Exception, words: str) -> None:
    assert words_of(error) == words
