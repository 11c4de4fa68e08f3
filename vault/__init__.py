"""Secrets at rest: RADIUS passwords, NAS secrets, the snapshot. Sealed with a key that is kept outside the database."""
