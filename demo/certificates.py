"""Test certificates for EAP, made at set-up and never committed: a CA, a server's, and a subscriber's for EAP-TLS.

Known weakness, wanted in a demonstration: the CA's own key is thrown away, so no more certificates can be issued.
"""

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_NAME = "radius.demo.example"
VALID_DAYS = 3653
FILES = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")

_KEY_BITS = 2048  # RSA: every supplicant knows it


@dataclass(frozen=True)
class _Issuer:
    name: x509.Name
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate


def ensure(folder: Path, *, client_name: str) -> bool:
    """Make the files where one is missing; return whether one was. `client_name` is the RADIUS user of client.pem."""
    if all((folder / name).exists() for name in FILES):
        return False
    make(folder, client_name=client_name, now=datetime.datetime.now(datetime.UTC))
    return True


def make(folder: Path, *, client_name: str, now: datetime.datetime) -> None:
    """Write FILES into `folder`, certificates for all to read, keys (PKCS 8, no passphrase) for the owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    issuer = _authority(now)
    _write_text(folder / "ca.pem", [issuer.certificate])
    for file, name, usage in (
        ("server", SERVER_NAME, ExtendedKeyUsageOID.SERVER_AUTH),
        ("client", client_name, ExtendedKeyUsageOID.CLIENT_AUTH),
    ):
        key = _key()
        _write_key(folder / f"{file}.key", key)
        _write_text(folder / f"{file}.pem", [_issue(issuer, name, key, usage, now), issuer.certificate])


def _authority(now: datetime.datetime) -> _Issuer:
    key, name = _key(), _name("Tollkeeper demo CA")
    builder = (
        _builder(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return _Issuer(name, key, builder.sign(key, hashes.SHA256()))


def _issue(
    issuer: _Issuer, name: str, key: rsa.RSAPrivateKey, usage: x509.ObjectIdentifier, now: datetime.datetime
) -> x509.Certificate:
    builder = (
        _builder(_name(name), issuer.name, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    )
    if usage == ExtendedKeyUsageOID.SERVER_AUTH:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, now: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # a machine whose clock is behind
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_encipherment=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _write_text(path: Path, chain: list[x509.Certificate]) -> None:
    path.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain))


def _write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    octets = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(octets)
