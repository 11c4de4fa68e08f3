"""`python -m provisioning.cli`, which bin/tollkeeper runs."""

import gc

gc.disable()  # a command lives for half a second: collecting while importing costs a tenth of it

from provisioning.cli.root import tollkeeper  # noqa: E402

if __name__ == "__main__":
    tollkeeper()
