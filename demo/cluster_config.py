"""The private cluster's configuration: written at every start, and outside of the server's own data folder."""

from pathlib import Path

from demo.errors import Refusal

_POSTGRESQL = """\
# written by bin/up at every start
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_folder}'
hba_file = '{folder}/pg_hba.conf'
ident_file = '{folder}/pg_ident.conf'

max_connections = 60
shared_buffers = 128MB
maintenance_work_mem = 64MB
max_wal_size = 512MB
jit = off                       # short queries only

fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}

timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
"""

# operators have passwords; the owner, who is a member of theirs so as to act as one, is who the kernel says
_HBA = """\
local all postgres,tollkeeper,tollkeeper_hook,tollkeeper_fold peer map=tollkeeper
local all +tollkeeper_operator scram-sha-256
local all all peer map=tollkeeper
"""

ROLES = {
    # operating-system user: roles it may be
    "owner": ("postgres", "tollkeeper", "tollkeeper_hook", "tollkeeper_fold"),
    "freerad": ("tollkeeper_hook",),  # Debian's FreeRADIUS: reads, like the hook inside it
}


def write(folder: Path, *, socket_folder: Path, port: int, owner: str, durable: bool) -> Path:
    """Write postgresql.conf and the files it names; return its path."""
    for path in (folder, socket_folder):
        if "'" in str(path) or "\n" in str(path):
            raise Refusal(f"{path} holds a quote", "Set TOLLKEEPER_HOME to a folder without one in its name.")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    values = {"port": port, "socket_folder": socket_folder, "folder": folder, "durable": "on" if durable else "off"}
    _write(folder / "pg_hba.conf", _HBA)
    _write(folder / "pg_ident.conf", _ident({owner, "root", "postgres"}))
    _write(folder / "postgresql.conf", _POSTGRESQL.format(**values))
    return folder / "postgresql.conf"


def _ident(owners: set[str]) -> str:
    users = {**dict.fromkeys(sorted(owners), ROLES["owner"]), "freerad": ROLES["freerad"]}
    return "".join(f'tollkeeper "{user}" {role}\n' for user, roles in users.items() for role in roles)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
