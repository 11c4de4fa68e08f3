"""The toy that JOBS names second."""

from tests.integration.scheduling.toys import Toy

_toy = Toy("second")
due, run = _toy.due, _toy.run
