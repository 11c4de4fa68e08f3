"""The toy that JOBS names first."""

from tests.integration.scheduling.toys import Toy

_toy = Toy("first")
due, run = _toy.due, _toy.run
