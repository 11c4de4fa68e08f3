"""Suspension for debt: who is overdue, told, suspended, and let go again."""
