"""What an operator is told when a rule of schema.sql refuses a change: a sentence and a hint per constraint.

`{value}` is the offending key. tests/integration/test_schema.py proves that every UNIQUE, CHECK and FOREIGN KEY of
the schema is here, and nothing else.
"""

from provisioning.constraints import access, acting, customers, money, operating

SENTENCES: dict[str, tuple[str, str]] = {
    **access.SENTENCES,
    **acting.SENTENCES,
    **customers.SENTENCES,
    **money.SENTENCES,
    **operating.SENTENCES,
}
