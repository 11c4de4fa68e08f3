"""Secrets at rest: RADIUS passwords, NAS secrets and the snapshot, sealed with a key that is kept outside the database."""
