"""How the world changes: models, operations, and the command line that operators use."""
