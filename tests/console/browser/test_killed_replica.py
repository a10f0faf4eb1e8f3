"""A replica dies while a browser sends a file to it: the upload goes on with the other, and every byte arrives."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.chaos.cluster import Cluster, cluster
from tests.chaos.servers import servers_of_our_own
from tests.console.browser.files import table_of
from tests.console.browser.watched import watched
from tests.uploads.cutting_proxy import CuttingProxy, cutting_proxy

pytestmark = pytest.mark.browser

#: Seven pieces of what the page sends at once, and some more, bytes.
FILE_BYTES = 60_000_000

#: So that the upload takes some seconds, bytes.
BYTES_PER_SECOND = 12_000_000


@pytest.fixture
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two processes; the names of their folders are short, as those of sockets must be."""
    with (
        servers_of_our_own(tmp_path_factory.mktemp("killed") / "home") as servers,
        cluster(servers.environment(), tmp_path_factory.mktemp("r"), replicas=2, slots=1) as replicas,
    ):
        yield replicas


def busiest(replicas: Cluster, proxy: CuttingProxy) -> int:
    """The port of the replica that the most bytes were sent to."""
    return max((one.port for one in replicas.replicas), key=lambda port: proxy.bytes_by_port[port])


def test_an_upload_goes_on_when_its_replica_is_killed(browser: Browser, replicas: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    digest = table_of(file, FILE_BYTES)
    begun: list[str] = []
    with cutting_proxy(replicas.addresses) as proxy, watched(browser, proxy.address) as opened:
        opened.may_be_cut_off = True
        here = opened.page
        here.on("request", lambda asked: begun.append(asked.url) if asked.method == "POST" else None)
        opened.open("/console/upload?kind=table")
        here.get_by_label("Choose files").set_input_files(file)
        opened.slow_down(BYTES_PER_SECOND)
        here.get_by_role("button", name="Upload", exact=True).click()
        opened.sent(0.25)
        port = busiest(replicas, proxy)
        replicas.kill(next(one for one in replicas.replicas if one.port == port))
        expect(here.locator("#uploads .state")).to_have_text("waits for the connection")
        opened.hold()
        here.get_by_role("link", name="See the file").click()
        opened.at("File table.csv")
        expect(opened.fact("SHA-256")).to_have_text(digest)
        expect(here.locator(".status.is-ready")).to_be_visible()
    assert [url for url in begun if "/uploads" in url] == [f"{proxy.address}/uploads"], "it went on where it was"
