"""What the statements of this room have in common; `customer`, `customer_group`, `installation`, `invoice` are there.

Days are counted where the customer is; `day` is the last one on which its stages were due (schema.sql, dunning_day):
of an invoice a stage is reached from due_on + days on. All of a customer that has reached a stage has to come to more
than the debt that is ignored.
"""

ZONE = "coalesce(customer.time_zone, installation.time_zone)"
OPEN = "invoice.kind = 'invoice' AND invoice.voided_at IS NULL AND invoice.allocated_cents < invoice.amount_cents"
OPEN_CENTS = "(invoice.amount_cents - invoice.allocated_cents)"
# who is told and suspended at all
DUNNED = "customer.deleted_at IS NULL AND NOT customer.suspension_exempt"
OVERDUE_DAYS = "coalesce(customer.overdue_days, customer_group.overdue_days)"
SECOND_NOTICE_DAYS = "coalesce(customer.second_notice_days, customer_group.second_notice_days)"
SUSPENSION_DAYS = "coalesce(customer.suspension_days, customer_group.suspension_days)"
# every invoice with its customer, for whom the rules of its group and of the provider hold
INVOICES = """
    invoice JOIN customer ON customer.id = invoice.customer_id
    JOIN customer_group ON customer_group.id = customer.group_id CROSS JOIN installation
"""
