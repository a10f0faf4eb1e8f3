"""An authority of a test, and what a server and its clients need of it."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates; its files are in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        self.file = folder / "authority.pem"
        certificate = self._builder(self._key.public_key(), "authority", ends_in=timedelta(hours=1))
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        signed = certificate.add_extension(constraints, critical=True).sign(self._key, hashes.SHA256())
        self.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def client(self) -> ssl.SSLContext:
        """Trusts this authority alone."""
        return ssl.create_default_context(cafile=self.file)

    def server(self, host: str, *, ends_in: timedelta = timedelta(hours=1)) -> ssl.SSLContext:
        """Shows a certificate for a name or an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        is_name = host[0].isalpha()
        name = x509.DNSName(host) if is_name else x509.IPAddress(ip_address(host))
        builder = self._builder(key.public_key(), host, ends_in=ends_in)
        builder = builder.add_extension(x509.SubjectAlternativeName([name]), critical=False)
        encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
        file = self._folder / "server.pem"
        file.write_bytes(
            key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password)
            + builder.sign(self._key, hashes.SHA256()).public_bytes(encoding)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _builder(self, key: ec.EllipticCurvePublicKey, name: str, *, ends_in: timedelta) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=2))
            .not_valid_after(now + ends_in)
        )
