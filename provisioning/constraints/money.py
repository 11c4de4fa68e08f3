"""Rules of invoices and payments."""

from provisioning.constraints.shared import BLANK, CUSTOMER, MONEY, NO_ROW, ONE_ROW

SENTENCES: dict[str, tuple[str, str]] = {
    "invoice_pkey": ONE_ROW,
    "invoice_customer_id_fkey": CUSTOMER,
    "invoice_number_key": ("there is already an invoice numbered {value}", "Give this one its own number."),
    "invoice_number_check": ("an invoice needs a number", "Give one without spaces at its ends."),
    "invoice_amount_cents_check": MONEY,
    "invoice_is_not_overpaid": (
        "more would be allocated to the invoice or credit note than it has left",
        "See what is open: tollkeeper invoice list --open.",
    ),
    "voided_invoice_is_unpaid": ("payments are allocated to the invoice", "Take them off it first."),
    "due_after_issue": ("an invoice is due on or after the day it was issued", "Give a later --due."),
    "payment_pkey": ONE_ROW,
    "payment_customer_id_fkey": CUSTOMER,
    "payment_receipt_key": (
        "there is already a receipt numbered {value}",
        "Perhaps it was entered already.",
    ),
    "payment_receipt_check": ("a receipt needs a number", "Give one without spaces at its ends."),
    "payment_amount_cents_check": MONEY,
    "payment_method_check": BLANK,
    "payment_reference_check": BLANK,
    "payment_is_not_overspent": (
        "more would be allocated than the payment has left",
        "See what is left of it: tollkeeper payment show RECEIPT.",
    ),
    "voided_payment_is_unused": ("the payment is allocated to invoices", "Take it off them first."),
    "allocation_pkey": ONE_ROW,
    "allocation_customer_id_fkey": CUSTOMER,
    "allocation_invoice_id_fkey": NO_ROW,
    "allocation_payment_id_fkey": NO_ROW,
    "allocation_credit_note_id_fkey": NO_ROW,
    "allocation_amount_cents_check": MONEY,
    "allocation_has_one_source": ("an invoice is paid by a payment or by a credit note", "Give one of them."),
    "allocation_is_of_one_customer": (
        "invoice and payment are not of one customer, or one of them is void",
        "Choose an open invoice of the customer who paid.",
    ),
    "customer_balance_pkey": ONE_ROW,
    "customer_balance_customer_id_fkey": CUSTOMER,
}
