"""Mail servers on loopback: one that takes mails as any other does, and ones that do not behave."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "ada", "s3cr/t@50%"


@dataclass
class Received:
    """What a server has taken, and what it answers instead.

    Attributes:
        mails: as they came.
        recipients: of them, one list for each.
        helo: how the client called itself.
        answers: to a recipient, by its address, or to a mail, as ``DATA``.
        logged_in: whether the last mail came after a login.
    """

    mails: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    helo: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    logged_in: bool = False
    over_tls: bool = False

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, session: Session, __: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.helo = session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, recipient: str, ___: list[str]
    ) -> str:
        if recipient in self.answers:
            return self.answers[recipient]
        envelope.rcpt_tos.append(recipient)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        assert isinstance(envelope.original_content, bytes)
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.mails.append(envelope.original_content)
        self.senders.append(str(envelope.mail_from))
        self.recipients.append(envelope.rcpt_tos)
        self.logged_in, self.over_tls = bool(session.authenticated), session.ssl is not None
        return "250 2.0.0 OK: queued as 4F1"


@contextmanager
def receiving(received: Received, *, implicit: ssl.SSLContext | None = None, **options: Any) -> Iterator[int]:
    """A server that hands what comes to ``received``; its port.

    Args:
        received: what it takes.
        implicit: TLS from the first byte.
        options: of aiosmtpd's SMTP.
    """
    loop = asyncio.new_event_loop()

    def speak() -> SMTP:
        return SMTP(received, loop=loop, hostname="localhost", ident="Secret-MTA 1.2", **options)

    server = loop.run_until_complete(loop.create_server(speak, "127.0.0.1", 0, ssl=implicit))
    thread = Thread(target=loop.run_forever, name="mail server")
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)


def knows_ada(_: SMTP, __: Session, ___: Envelope, ____: str, given: Any) -> AuthResult:
    """An authenticator of aiosmtpd."""
    is_right = given == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=is_right)


@contextmanager
def behaving(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does as ``talk`` with its one connection; its port. It ends when the client has gone."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError), listener.accept()[0] as connection:
            talk(connection)

    thread = Thread(target=serve, name="mail server")
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def reply(connection: socket.socket, *lines: str) -> None:
    """Say something and read what the client says next."""
    connection.sendall("".join(f"{line}\r\n" for line in lines).encode())
    connection.recv(65536)


def until_gone(connection: socket.socket) -> None:
    """Read until the client has closed."""
    with suppress(OSError):
        while connection.recv(65536):
            pass


@dataclass(frozen=True)
class Tls:
    """TLS of a server whose certificate is for ``name``, and what trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def tls(folder: Path, name: str = "localhost") -> Tls:
    """With a certificate that nobody else trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    called, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    names = [x509.DNSName(name)] + ([x509.IPAddress(ip_address("127.0.0.1"))] if name == "localhost" else [])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    certificate_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    certificate_file.write_bytes(certificate.public_bytes(encoding))
    key_file.write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate_file, key_file)
    return Tls(server, ssl.create_default_context(cafile=str(certificate_file)))
