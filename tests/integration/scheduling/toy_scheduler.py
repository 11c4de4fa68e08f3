"""The scheduler daemon with toys for jobs: python -m tests.integration.scheduling.toy_scheduler"""

import sys

from provisioning.scheduling import daemon
from tests.integration.scheduling import toys

sys.exit(daemon.main(toys.JOBS))
