"""Importing: a file becomes customers with their accounts, or invoices, or payments; and can be taken back.

document.py reads the file, columns.py says what its columns mean, entry.py is one of its rows, matching.py finds
what is there already, customers.py and money.py carry rows out, run.py goes through the file, undo.py takes it back.

A plan is a run that is rolled back at its end: what it says is what would happen, refusals by the database included.
"""
