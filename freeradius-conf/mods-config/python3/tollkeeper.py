"""The bootstrap: the only file that touches what FreeRADIUS builds into its interpreter.

FreeRADIUS makes a C module named `radiusd` (radlog, RLM_*, L_*, config). Giving it a `__path__` lets our package of the
same name be found behind it: `import radiusd.hook` then works, though `radiusd/__init__.py` never runs here.
The system's dist-packages come before `python_path`, so the virtual environment and the code are put first by hand.
"""

import pkgutil
import sys
from pathlib import Path

import radiusd

sys.path[:0] = [radiusd.config["code"], radiusd.config["site_packages"]]
radiusd.__path__ = pkgutil.extend_path([], "radiusd")

from radiusd.hook import ReturnCodes  # noqa: E402
from radiusd.log import Levels, configure  # noqa: E402
from radiusd.node import Node, Settings  # noqa: E402

configure(radiusd.radlog, Levels(radiusd.L_INFO, radiusd.L_WARN, radiusd.L_ERR))

_node = Node(
    ReturnCodes(
        reject=radiusd.RLM_MODULE_REJECT,
        ok=radiusd.RLM_MODULE_OK,
        handled=radiusd.RLM_MODULE_HANDLED,
        notfound=radiusd.RLM_MODULE_NOTFOUND,
    ),
    Settings(
        key=Path(radiusd.config["key_file"]),
        snapshot=Path(radiusd.config["snapshot"]),
        socket=Path(radiusd.config["socket"]),
        dictionary=Path(radiusd.config["dictionary"]),
        stale_limit_seconds=float(radiusd.config["stale_limit_seconds"]),
        relations=None if radiusd.config["relations"] == "all" else tuple(radiusd.config["relations"].split()),
    ),
)

authorize = _node.hook.authorize
post_auth_reject = _node.hook.post_auth_reject
dynamic_client = _node.hook.dynamic_client


def instantiate(_pairs):
    """Start the node's threads: FreeRADIUS has forked by now."""
    _node.start()
    return 0


def detach(_pairs=None):
    """Stop them, so that the interpreter can end."""
    _node.stop()
    return 0
