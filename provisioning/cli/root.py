"""The root command: which commands there are, without importing them."""

from dataclasses import replace

import click

from provisioning import intent
from provisioning.cli.command import RootGroup
from provisioning.errors import BadInput


@click.pass_context
def _begin(context: click.Context, act_as: str | None) -> None:
    if act_as is None:
        return
    if not act_as.strip() or not act_as.isprintable():
        raise BadInput("nobody is named so", "Give --as the name of a reseller, or the account code of a customer.")
    context.with_resource(intent.wanting(replace(intent.current(), act_as=act_as)))


_as = click.Option(
    ["--as", "act_as"], metavar="NAME", help="See and touch no more than this reseller, or customer, does."
)

tollkeeper = RootGroup(
    "tollkeeper",
    callback=_begin,
    params=[_as],
    help="""Tollkeeper: who may use the network, how fast, until when.

    \b
    Exit status: 0 done, or the answer is yes   1 the answer is no (find, auth-test, status)
                 2 bad input, nothing changed    3 a server does not answer

    Every command takes --json. PGHOST, PGPORT, PGDATABASE, PGUSER say which database; TOLLKEEPER_HOME where the
    sockets and keys of this node are.""",
    epilog="""\b
    Example:
      tollkeeper group add Homes
      tollkeeper package add "Home 50" --download 50M --upload 10M
      tollkeeper customer add --group Homes --first-name Frikkie --last-name Visser
      tollkeeper account add frikkie@example --customer FRI001 --package "Home 50" --generate
      tollkeeper explain frikkie@example""",
    members={
        "find": ("provisioning.cli.find:find", "Whatever it is: whose it is, and where to look."),
        "nas": ("provisioning.cli.nas:nas", "Routers that may ask: address, secret, vendor."),
        "group": ("provisioning.cli.group:group", "Customer groups: on or off, how refusals are treated."),
        "package": ("provisioning.cli.package:package", "Packages: speed, cap, price, limits, pools."),
        "customer": ("provisioning.cli.customer:customer", "Customers: who pays."),
        "filter": ("provisioning.cli.saved_filter:filter_group", "Lists of customers that you ask for often."),
        "account": ("provisioning.cli.account:account", "Data accounts: the RADIUS users."),
        "topup": ("provisioning.cli.topup:topup", "Top-ups: data on top of the month's."),
        "change": ("provisioning.cli.change:change", "Package changes, now or from a moment on."),
        "device": ("provisioning.cli.device:device", "Client devices by their MAC."),
        "invoice": ("provisioning.cli.invoice:invoice", "Invoices: what customers owe, and since when."),
        "credit-note": ("provisioning.cli.invoice:credit_note", "Credit notes: what customers owe no longer."),
        "payment": ("provisioning.cli.payment:payment", "Payments: money received."),
        "balance": ("provisioning.cli.balance:balance", "What a customer owes: statement and age analysis."),
        "suspension": ("provisioning.cli.suspension:suspension", "Suspension for debt: who, when; respites, promises."),
        "message": ("provisioning.cli.message:message", "Messages: e-mail and SMS to customers, and the log of them."),
        "notice": ("provisioning.cli.notice:notice", "Notices: what customers are told, by which ways."),
        "report": ("provisioning.cli.report:report", "Reports of billing periods to customers."),
        "contact": ("provisioning.cli.contact:contact", "Contacts of customers, and what each is used for."),
        "address": ("provisioning.cli.address:address", "Addresses of customers."),
        "note": ("provisioning.cli.note:note", "Notes about customers, pop-ups, debtor notes."),
        "attachment": ("provisioning.cli.attachment:attachment", "Files of customers: contracts, photos."),
        "external-id": ("provisioning.cli.external_id:external_id", "What other systems call a customer."),
        "portal": ("provisioning.cli.portal:portal", "Logins of the customer portal."),
        "import": ("provisioning.cli.import_:import_", "Files of customers, accounts, invoices, payments."),
        "export": ("provisioning.cli.export:export", "Files of them, as import takes them."),
        "session": ("provisioning.cli.session:session", "Sessions: who is online, and who was."),
        "enforcement": ("provisioning.cli.enforcement:enforcement", "Whether who is online is treated as should be."),
        "usage": ("provisioning.cli.usage:usage_group", "Usage by customer and account; bars in the terminal."),
        "accounting": ("provisioning.cli.accounting:accounting", "Whether every accounting record is accounted for."),
        "reseller": ("provisioning.cli.reseller:reseller", "Resellers: who sells, in a tree."),
        "operator": ("provisioning.cli.operator:operator", "Operators: who acts, and their logins."),
        "role": ("provisioning.cli.role:role", "Roles: what operators may see and change."),
        "audit": ("provisioning.cli.audit:audit", "Who did what, when, before and after; proof that none is missing."),
        "provider": ("provisioning.cli.provider:provider", "The provider: time zone, when customers are cut and told."),
        "job": ("provisioning.cli.job:job", "Jobs of the scheduler: what was done, when what is due."),
        "explain": ("provisioning.cli.explain:explain", "Why a user would be let in or not, now or at another time."),
        "shadow": ("provisioning.cli.shadow:shadow", "What another server answers, beside what we would."),
        "auth-test": ("provisioning.cli.auth_test:auth_test", "Send a real Access-Request and show the answer."),
        "status": ("provisioning.cli.status:status", "Whether every part of this node is up."),
        "completion": ("provisioning.cli.completion:completion", "What the tab key completes: bash, zsh, fish."),
    },
)
