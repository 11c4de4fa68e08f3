"""The oracle test in its long form: so many kills, and PostgreSQL away for a minute.

python -m tests.bench.oracle 200
"""

import os
import subprocess
import sys


def main() -> int:
    """Run it; return pytest's exit code."""
    kills = sys.argv[1] if len(sys.argv) > 1 else "200"
    return subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", "tests/acceptance/test_accounting_oracle.py"],
        env={**os.environ, "TOLLKEEPER_TEST_KILLS": kills, "TOLLKEEPER_TEST_OUTAGE_SECONDS": "60"},
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
