"""A provider in a box: private PostgreSQL and FreeRADIUS, test certificates, demo subscribers."""
