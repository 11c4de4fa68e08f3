"""The scheduler: which jobs there are, who leads, what was done."""
