"""Migration: a FreeRADIUS SQL or daloRADIUS database becomes customers, accounts, packages, routers and open sessions.

source.py reads the old database, merging.py says what FreeRADIUS makes of its rows for a user, mapping.py what each
attribute becomes with us, speeds.py reads speeds out of any vendor's attributes, packages.py finds and names packages,
people.py reads daloRADIUS's particulars, carrying.py does it all, report.py says what could not be taken over.
"""
