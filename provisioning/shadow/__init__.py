"""Shadowing: what another RADIUS server answers, beside what we would, request by request.

recording.py reads what was recorded, pairing.py finds the answer to a request, judging.py says what we would answer
from the database, comparing.py where the two differ, totals.py counts; following.py reads recordings while they grow,
asking.py asks both servers themselves.
"""
