"""The test certificates for EAP."""

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from demo import certificates


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with fresh certificates."""
    made = tmp_path_factory.mktemp("certs")
    assert certificates.ensure(made, client_name="certificate")
    return made


def _read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


def test_keys_are_their_owners_alone(folder: Path) -> None:
    """Nobody else reads a key, nor even lists the folder."""
    assert [(folder / name).stat().st_mode & 0o777 for name in ("server.key", "client.key")] == [0o600, 0o600]
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("file", ["server.pem", "client.pem"])
def test_the_ca_has_signed(folder: Path, file: str) -> None:
    """Server's and client's are the CA's children, and carry it along."""
    _read(folder / file).verify_directly_issued_by(_read(folder / "ca.pem"))

    chain = x509.load_pem_x509_certificates((folder / file).read_bytes())
    assert chain[1:] == [_read(folder / "ca.pem")]


def test_the_server_says_its_name(folder: Path) -> None:
    """Supplicants compare the subject alternative name, and want the usage of a server."""
    extensions = _read(folder / "server.pem").extensions

    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert names == ["radius.demo.example"]
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_the_client_is_the_subscriber(folder: Path) -> None:
    """The common name is the RADIUS user name."""
    name = _read(folder / "client.pem").subject.get_attributes_for_oid(NameOID.COMMON_NAME)

    assert [one.value for one in name] == ["certificate"]


def test_they_outlive_the_demonstration(folder: Path) -> None:
    """Ten years, and from yesterday on for a machine whose clock is behind."""
    certificate = _read(folder / "server.pem")

    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc > datetime.timedelta(days=3652)


def test_they_are_made_once(folder: Path) -> None:
    """A second look leaves them alone; a missing one has all made anew, for they belong together."""
    before = (folder / "ca.pem").read_bytes()
    assert not certificates.ensure(folder, client_name="certificate")
    assert (folder / "ca.pem").read_bytes() == before

    (folder / "client.key").unlink()
    assert certificates.ensure(folder, client_name="certificate")
    assert (folder / "ca.pem").read_bytes() != before
