"""EAP by eapol_test, wpa_supplicant's test client: a supplicant and its access point in one."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from demo.certificates import SERVER_NAME
from demo.radclient import Answer
from tests.fix_cluster import missing_server

_TUNNELLED = ('anonymous_identity="anonymous"',)
_METHODS: dict[str, tuple[str, ...]] = {
    "md5": ("eap=MD5",),
    "peap": ("eap=PEAP", 'phase2="auth=MSCHAPV2"', *_TUNNELLED),
    "ttls-pap": ("eap=TTLS", 'phase2="auth=PAP"', *_TUNNELLED),
    "ttls-chap": ("eap=TTLS", 'phase2="auth=CHAP"', *_TUNNELLED),
    "ttls-mschapv2": ("eap=TTLS", 'phase2="auth=MSCHAPV2"', *_TUNNELLED),
    "tls": ("eap=TLS", 'client_cert="{certs}/client.pem"', 'private_key="{certs}/client.key"'),
}
_SYNTAX = {str: "s", int: "d"}
_NUMBERS = {"Called_Station_Id": 30, "NAS_Identifier": 32, "NAS_Port_Id": 87, "NAS_Port": 5, "Framed_Protocol": 7}

_MESSAGE = re.compile(r"^RADIUS message: code=\d+ \(([\w-]+)\)")
_ATTRIBUTE = re.compile(r"^\s+Attribute \d+ \(([\w?? -]+)\) length=")
_VALUE = re.compile(r"^\s+Value: (.*)$")


@dataclass(frozen=True)
class Login:
    """Who logs in, and how."""

    user_name: str
    password: str | None
    method: str


@dataclass(frozen=True)
class Server:
    """Where, and by which certificates; `certs` holds ca.pem, client.pem and client.key."""

    port: int
    secret: str
    certs: Path
    timeout_seconds: int = 10


def authenticate(login: Login, server: Server, **attributes: str | int) -> Answer:
    """Run one EAP conversation; return the last answer. `Calling_Station_Id` is the MAC of the supplicant."""
    return conversation(login, server, **attributes)[-1]


def conversation(login: Login, server: Server, **attributes: str | int) -> list[Answer]:
    """Run one EAP conversation; return every answer."""
    mac = str(attributes.pop("Calling_Station_Id", "02:00:00:00:00:99"))
    extra = [f"-N{_NUMBERS[name]}:{_SYNTAX[type(value)]}:{value}" for name, value in attributes.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as configuration:
        configuration.write(_network(login, server))
        configuration.flush()
        where = ["-a127.0.0.1", f"-p{server.port}", f"-s{server.secret}", f"-t{server.timeout_seconds}", f"-M{mac}"]
        no_keys = ["-n"] if login.method == "md5" else []
        command = ["/usr/bin/eapol_test", "-c", configuration.name, "-r0", *where, *no_keys, *extra]
        try:
            result = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace", timeout=60)
        except FileNotFoundError:
            missing_server("eapol_test is not installed")
            raise
    answers = read(result.stdout)
    answer = answers[-1]
    if (result.returncode == 0) != (answer.code == "Access-Accept"):  # keys that do not match, a wrong signature
        raise AssertionError(f"eapol_test says {result.stdout[-500:]!r} after {answer}")
    return answers


def read(output: str) -> list[Answer]:
    """Return the messages that eapol_test received, silence where it heard nothing last, attributes by its names."""
    code, name = None, ""
    attributes: list[tuple[str, str]] = []
    answers: list[Answer] = []
    for line in output.splitlines():
        if message := _MESSAGE.match(line):
            answers += [Answer(code, tuple(attributes))] if code else []
            code, attributes = (None if message[1] == "Access-Request" else message[1]), []
        elif attribute := _ATTRIBUTE.match(line):
            name = attribute[1]
        elif value := _VALUE.match(line):
            attributes.append((name, value[1].strip("'")))
    return [*answers, Answer(code, tuple(attributes) if code else ())]


def _network(login: Login, server: Server) -> str:
    lines = ["key_mgmt=IEEE8021X", "eapol_flags=0", f'identity="{login.user_name}"']
    lines += [line.format(certs=server.certs) for line in _METHODS[login.method]]
    if login.password is not None:
        lines.append(f'password="{login.password}"')
    if login.method != "md5":
        lines += [f'ca_cert="{server.certs}/ca.pem"', f'altsubject_match="DNS:{SERVER_NAME}"']
    return "\n".join(["network={", *lines, "}", ""])
