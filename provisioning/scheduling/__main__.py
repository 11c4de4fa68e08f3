"""python -m provisioning.scheduling"""

import sys

from provisioning.scheduling import daemon

sys.exit(daemon.main())
