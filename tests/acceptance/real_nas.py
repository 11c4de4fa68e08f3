"""A real NAS on this machine: Debian's hostapd as a wired authenticator, and wpa_supplicant as its customer.

    with RealNas(port, acct_port, secret, certs, folder) as nas:     802.1X over a veth pair, the customer's end of it
        nas.log_in("active", "active-password")                      in a network namespace of its own
        nas.log_off()

hostapd takes Disconnect-Request on nas.das_port, signed with the same secret, and wants Event-Timestamp and
Message-Authenticator. Only for root: a namespace and a veth pair are made, and taken away at the end.
"""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from demo.certificates import SERVER_NAME
from tests.fix_cluster import missing_server
from tests.fix_waiting import free_udp_ports

_HOSTAPD = """
interface={interface}
driver=wired
logger_stdout=-1
logger_stdout_level=1
ieee8021x=1
use_pae_group_addr=1
own_ip_addr=127.0.0.1
nas_identifier=hostapd
auth_server_addr=127.0.0.1
auth_server_port={auth_port}
auth_server_shared_secret={secret}
acct_server_addr=127.0.0.1
acct_server_port={acct_port}
acct_server_shared_secret={secret}
radius_das_port={das_port}
radius_das_client=127.0.0.1 {secret}
radius_das_time_window=300
radius_das_require_event_timestamp=1
radius_das_require_message_authenticator=1
"""
_SUPPLICANT = """
ap_scan=0
network={{
    key_mgmt=IEEE8021X
    eapol_flags=0
    eap=PEAP
    identity="{user_name}"
    password="{password}"
    phase2="auth=MSCHAPV2"
    ca_cert="{certs}/ca.pem"
    altsubject_match="DNS:{server}"
}}
"""


@dataclass
class RealNas:
    """See the head of this file."""

    auth_port: int
    acct_port: int
    secret: str
    certs: Path
    folder: Path
    das_port: int = field(default_factory=lambda: free_udp_ports()[0])
    _processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def _namespace(self) -> str:
        return f"tk{os.getpid()}"

    @property
    def _interface(self) -> str:
        return f"tkh{os.getpid()}"

    def __enter__(self) -> "RealNas":
        self._need()
        inside = f"tks{os.getpid()}"
        try:
            _ip("netns", "add", self._namespace)
            _ip("link", "add", self._interface, "type", "veth", "peer", "name", inside, "netns", self._namespace)
            _ip("link", "set", self._interface, "up")
            _ip("-n", self._namespace, "link", "set", inside, "up")
        except subprocess.CalledProcessError as exc:
            self.__exit__()
            missing_server(f"no network namespace can be made here: {exc.stderr.strip()}")
        settings = {"interface": self._interface, "auth_port": self.auth_port, "acct_port": self.acct_port}
        self._start("hostapd", ["hostapd"], _HOSTAPD.format(**settings, secret=self.secret, das_port=self.das_port))
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._processes):
            self._stop(name)
        for arguments in (("link", "del", self._interface), ("netns", "del", self._namespace)):
            subprocess.run(["ip", *arguments], check=False, capture_output=True)

    def log_in(self, user_name: str, password: str) -> None:
        """Have a customer log in, and again whenever it is asked to; a device of its own, as hostapd lets one that was
        refused wait for a minute (IEEE 802.1X-2004 8.2.9.1.2, quietPeriod).
        """
        device = "02:" + ":".join(f"{octet:02x}" for octet in os.urandom(5))
        _ip("-n", self._namespace, "link", "set", f"tks{os.getpid()}", "address", device)
        network = _SUPPLICANT.format(user_name=user_name, password=password, certs=self.certs, server=SERVER_NAME)
        command = [
            "ip",
            "netns",
            "exec",
            self._namespace,
            "wpa_supplicant",
            "-D",
            "wired",
            "-i",
            f"tks{os.getpid()}",
            "-c",
        ]
        self._start("wpa_supplicant", command, network)

    def log_off(self) -> None:
        """Switch the customer's device off."""
        self._stop("wpa_supplicant")

    def log(self, name: str) -> str:
        """Return what hostapd or wpa_supplicant has said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _need(self) -> None:
        if os.geteuid() != 0:
            missing_server("a network namespace takes root")
        for program in ("hostapd", "wpa_supplicant", "ip"):
            if not any((Path(folder) / program).exists() for folder in ("/usr/sbin", "/sbin", "/usr/bin", "/bin")):
                missing_server(f"{program} is not installed")

    def _start(self, name: str, command: list[str], configuration: str) -> None:
        path = self.folder / f"{name}.conf"
        path.write_text(configuration)
        with (self.folder / f"{name}.log").open("ab") as log:
            environ = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
            self._processes[name] = subprocess.Popen([*command, str(path)], stdout=log, stderr=log, env=environ)

    def _stop(self, name: str) -> None:
        process = self._processes.pop(name)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True, timeout=30)
