"""What accounting means (RFC 2866): records, sessions made of them in any order, usage split at days and periods."""
