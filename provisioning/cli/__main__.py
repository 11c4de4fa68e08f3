"""`python -m provisioning.cli`, which bin/tollkeeper runs.

A command lives for less than half a second, most of it imports. Collecting garbage meanwhile costs a tenth of that, and
looking for garbage once more at the very end, among all of SQLAlchemy, another tenth of a second: both are left out.
"""

import atexit
import gc

gc.disable()
atexit.register(gc.freeze)

from provisioning.cli.root import tollkeeper  # noqa: E402

if __name__ == "__main__":
    tollkeeper()
