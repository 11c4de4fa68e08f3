"""How each vendor's routers are told a speed, a walled garden, a pool: one file a vendor."""
