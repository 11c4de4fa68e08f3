"""How to answer: the hook inside FreeRADIUS (this file never runs there: see freeradius-conf/mods-config/python3)."""
