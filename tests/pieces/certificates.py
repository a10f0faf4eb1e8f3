"""An authority for a test, and certificates that it signs, as PEM files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Signer = tuple[x509.Name, ec.EllipticCurvePrivateKey]


def tls_files(folder: Path) -> dict[str, str]:
    """The settings for TLS: the files of an authority of its own, and a certificate that it has signed."""
    folder.mkdir()
    authority = _name("authority"), ec.generate_private_key(ec.SECP256R1())
    files = {name: folder / f"{name}.pem" for name in ("ca_file", "cert_file", "key_file")}
    files["ca_file"].write_bytes(_certificate(authority, "authority", authority[1].public_key(), is_authority=True))
    key = ec.generate_private_key(ec.SECP256R1())
    files["cert_file"].write_bytes(_certificate(authority, "process", key.public_key(), is_authority=False))
    encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    files["key_file"].write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password))
    return {f"dask_tls_{name}": str(path) for name, path in files.items()}


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(signer: Signer, name: str, key: ec.EllipticCurvePublicKey, *, is_authority: bool) -> bytes:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(signer[0])
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    return builder.sign(signer[1], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
