"""What an operator is told when a rule of schema.sql refuses a change: a sentence and a hint per constraint.

`{value}` is the offending key. tests/integration/test_schema.py proves that every UNIQUE, CHECK and FOREIGN KEY of
the schema is here, and nothing else.
"""

_TREATMENT = "throttle is a treatment for the data cap only", "Choose reject or garden."
_PAIR = "the two rates come in pairs", "Give both the download and the upload rate, or neither."
_EMPTY = "a pool or profile cannot be an empty name", "Leave it out, or clear it."
_ATTRIBUTES = "reply attributes are not [name, operator, value]", "Operators are =, := and +=."
_VENDOR = "a vendor is written in lower case, such as mikrotik", "Choose one of the vendors in the command's --help."
_USED = "it is still used by others", "Change or remove those first."
_NO_ROW = "it refers to something that does not exist any more", "Look it up again."
_ONE_ROW = "there is exactly one such row", "Change it instead of adding one."
_RATE = "a rate is at least 1 bit/s", "Write it as 10M, 512k, 1.5G, or in bit/s."

SENTENCES: dict[str, tuple[str, str]] = {
    "installation_one_row_check": _ONE_ROW,
    "installation_pkey": _ONE_ROW,
    "change_log_pkey": _ONE_ROW,
    "change_log_floor_one_row_check": _ONE_ROW,
    "change_log_floor_pkey": _ONE_ROW,
    "rate_bps_check": _RATE,
    # groups
    "customer_group_pkey": _ONE_ROW,
    "customer_group_name_key": ("there is already a group named {value}", "Choose another name, or edit that group."),
    "customer_group_name_check": ("a group needs a name", "Give one without spaces at its ends."),
    "customer_group_garden_pool_check": _EMPTY,
    "customer_group_garden_profile_check": _EMPTY,
    "customer_group_garden_redirect_url_check": (
        "the garden's page is not a web address",
        "Write it as http://pay.example/ or https://pay.example/.",
    ),
    "customer_group_garden_session_seconds_check": (
        "a session in the walled garden lasts at least 60 seconds",
        "Give 60 or more.",
    ),
    "customer_group_treatment_blocked_check": _TREATMENT,
    "customer_group_treatment_deleted_check": _TREATMENT,
    "customer_group_treatment_disabled_check": _TREATMENT,
    "customer_group_treatment_group_disabled_check": _TREATMENT,
    "customer_group_treatment_expired_check": _TREATMENT,
    "customer_group_treatment_suspended_check": _TREATMENT,
    "garden_has_walls": (
        "a walled garden without walls would be free access",
        "Give --garden-pool, --garden-profile or --garden-redirect-url.",
    ),
    "garden_rates_come_in_pairs": _PAIR,
    "throttle_rates_come_in_pairs": _PAIR,
    "throttle_has_rates": (
        "throttling at the data cap needs a speed",
        "Give --throttle-download and --throttle-upload.",
    ),
    # customers
    "customer_pkey": _ONE_ROW,
    "customer_code_key": ("account code {value} is taken", "Choose another, or leave it out to have one generated."),
    "customer_code_check": (
        "an account code is 2 to 32 capital letters, digits, - and _",
        "Choose such a code, or leave it out to have one generated.",
    ),
    "customer_check": ("a customer cannot be its own parent", "Choose another parent, or none."),
    "customer_parents_form_a_tree": (
        "a customer would be its own ancestor, or more than eight levels deep",
        "Choose another parent.",
    ),
    "customer_group_id_fkey": ("the group has customers in it, or does not exist", "Move its customers first."),
    "customer_parent_id_fkey": (
        "the parent does not exist",
        "Look its code up with: tollkeeper customer list.",
    ),
    "customer_has_a_name": (
        "a customer needs a person's or a company's name",
        "Give --first-name, --last-name or --company-name.",
    ),
    "company_has_its_name": ("a company needs its name", "Give --company-name."),
    "customer_billing_day_check": ("a billing day is 1 to 31", "In shorter months it is the last day."),
    "customer_rates_come_in_pairs": _PAIR,
    "customer_time_zone_check": ("the time zone is unknown", "Write a name such as Africa/Johannesburg."),
    "installation_time_zone_check": ("the time zone is unknown", "Write a name such as Africa/Johannesburg."),
    "customer_expires_at_check": ("the expiry is no moment in time", "Write a date, or leave it away for never."),
    "account_expires_at_check": ("the expiry is no moment in time", "Write a date, or leave it away for never."),
    "package_change_activates_at_check": ("the change is at no moment in time", "Write a date."),
    "customer_code_sequence_pkey": _ONE_ROW,
    "customer_code_sequence_last_number_check": ("account codes count from 1", "Repair customer_code_sequence."),
    # packages
    "package_pkey": _ONE_ROW,
    "package_name_key": ("there is already a package named {value}", "Choose another name, or edit that package."),
    "package_name_check": ("a package needs a name", "Give one without spaces at its ends."),
    "package_rates_come_in_pairs": _PAIR,
    "burst_rates_come_in_pairs": _PAIR,
    "thresholds_come_in_pairs": _PAIR,
    "burst_is_above_the_rate": (
        "a burst is at least as fast as the package's rate",
        "Raise --burst-download and --burst-upload, and give the package its rates.",
    ),
    "burst_details_need_a_burst": (
        "burst thresholds and seconds need a burst",
        "Give --burst-download and --burst-upload.",
    ),
    "package_burst_seconds_check": ("burst seconds are 1 to 3600", "Give a number of seconds in that range."),
    "package_priority_check": ("a priority is 1 to 8", "1 is the first to be served."),
    "package_cap_octets_check": ("a data cap is at least one octet", "Leave it out for an uncapped package."),
    "package_throttle_rates_come_in_pairs": _PAIR,
    "package_throttle_has_rates": (
        "throttling at the data cap needs a speed",
        "Give --throttle-download and --throttle-upload.",
    ),
    "package_price_cents_check": ("a price is not below zero", "Give 0 for nothing."),
    "package_topup_price_cents_check": ("a price is not below zero", "Give 0 for nothing."),
    "package_sessions_allowed_check": ("sessions allowed are 1 to 1000", "Clear it for any number."),
    "package_session_seconds_check": ("a session limit is 60 seconds to a year", "Clear it for none."),
    "package_idle_seconds_check": ("an idle limit is 60 seconds to a year", "Clear it for none."),
    "package_interim_seconds_check": (
        "an accounting interval is 60 to 86400 seconds",
        "RFC 2869 advises 600 and forbids less than 60.",
    ),
    "package_ipv4_pool_check": _EMPTY,
    "package_ipv6_pool_check": _EMPTY,
    "package_delegated_ipv6_pool_check": _EMPTY,
    "package_reply_attributes_check": _ATTRIBUTES,
    "time_band_pkey": ("a package has one time band a position", "Number the time bands 1, 2, 3."),
    "time_band_package_id_fkey": _NO_ROW,
    "time_band_position_check": ("time bands are counted from 1", "Number the time bands 1, 2, 3."),
    "time_band_weekdays_check": ("a time band needs a weekday", "Write days as mon-fri, sat,sun or daily."),
    "time_band_starts_minute_check": ("a time band starts at 00:00 to 23:59", "Write it as 18:00-23:00."),
    "time_band_ends_minute_check": ("a time band ends at 00:01 to 24:00", "Write it as 18:00-23:00."),
    "band_is_not_empty": ("a time band ends at another time than it starts", "Write it as 18:00-23:00."),
    "package_profile_pkey": ("a package has one profile a vendor", "Give each vendor once."),
    "package_profile_package_id_fkey": _NO_ROW,
    "package_profile_vendor_check": _VENDOR,
    "package_profile_download_profile_check": _EMPTY,
    "package_profile_upload_profile_check": _EMPTY,
    # routers
    "nas_pkey": _ONE_ROW,
    "nas_name_key": ("there is already a NAS named {value}", "Choose another name, or edit that NAS."),
    "nas_name_check": (
        "a NAS name is up to 63 letters, digits, dots, - and _, and starts with a letter or digit",
        "Choose such a name.",
    ),
    "nas_address_key": ("there is already a NAS with the address {value}", "Edit that NAS, or remove it first."),
    "nas_address_check": ("a NAS has the address of one host, not of a network", "Leave out the prefix length."),
    "nas_vendor_check": _VENDOR,
    "nas_coa_port_check": ("a CoA port is 1 to 65535", "RFC 5176 has 3799; some routers use 1700."),
    # accounts
    "account_pkey": _ONE_ROW,
    "account_user_name_key": ("user name {value} is taken", "Choose another, or edit that account."),
    "account_user_name_check": (
        "a user name is 1 to 253 octets without control characters",
        "Choose such a name; RFC 2865 5.1 has no room for more.",
    ),
    "account_customer_id_fkey": ("the customer does not exist", "Look it up with: tollkeeper customer list."),
    "account_package_id_fkey": ("the package is used by accounts, or does not exist", "Move its accounts first."),
    "account_password_hash_check": ("a one-way password starts with its {{scheme}}", "Set the password again."),
    "one_kind_of_password": ("an account has one kind of password", "Set the password again."),
    "account_price_cents_check": ("a price is not below zero", "Give 0 for nothing."),
    "account_sessions_allowed_check": ("sessions allowed are 1 to 1000", "Clear it to take the package's."),
    "account_ipv4_address_key": ("address {value} belongs to another account", "Choose another address."),
    "account_ipv4_address_check": ("it is not the IPv4 address of one host", "Write it as 192.0.2.10."),
    "account_ipv4_netmask_check": ("it is not a netmask", "Write it as 255.255.255.255."),
    "account_ipv6_prefix_key": ("prefix {value} belongs to another account", "Choose another prefix."),
    "account_ipv6_prefix_check": ("it is not an IPv6 prefix", "Write it as 2001:db8:1::/64."),
    "account_delegated_ipv6_prefix_key": ("prefix {value} belongs to another account", "Choose another prefix."),
    "account_delegated_ipv6_prefix_check": ("it is not an IPv6 prefix", "Write it as 2001:db8:100::/48."),
    "account_vlan_id_check": ("a VLAN is 1 to 4094", "Give a number in that range."),
    "account_reply_attributes_check": _ATTRIBUTES,
    "account_nas_pkey": ("an account is bound to a NAS once", "Give each NAS once."),
    "account_nas_account_id_fkey": _NO_ROW,
    "account_nas_nas_id_fkey": ("accounts are bound to the NAS, or it does not exist", "Bind them to another first."),
    "package_change_pkey": _ONE_ROW,
    "package_change_account_id_fkey": _NO_ROW,
    "package_change_package_id_fkey": _USED,
    "applied_or_cancelled": ("a package change is either applied or cancelled", "Make a new one."),
    "one_change_a_moment": ("there is already a package change at that moment", "Cancel it, or choose another time."),
    "device_pkey": _ONE_ROW,
    "device_account_id_fkey": ("the account does not exist", "Look it up with: tollkeeper account list."),
    "device_mac_key": ("device {value} belongs to an account already", "Remove it there first."),
    # accounting
    "accounting_node_pkey": _ONE_ROW,
    "accounting_node_node_check": ("a node needs a name", "Set TOLLKEEPER_NODE."),
    "accounting_day_pkey": _ONE_ROW,
    "accounting_day_node_fkey": _NO_ROW,
    "accounting_quarantine_pkey": _ONE_ROW,
    "accounting_quarantine_node_spool_id_key": _ONE_ROW,
    "accounting_quarantine_node_fkey": _NO_ROW,
    "accounting_reboot_pkey": _ONE_ROW,
    "session_pkey": _ONE_ROW,
    "session_account_id_fkey": ("the account has open sessions", "Block it, and disconnect them first."),
    "session_state_check": ("a session that is not open belongs to the history", "Move it there."),
    "session_history_pkey": _ONE_ROW,
    "session_history_state_check": ("a session ends as stopped, rebooted or stale", "Give one of those."),
    "usage_day_pkey": _ONE_ROW,
    "usage_day_account_id_fkey": ("the account has usage", "Block it: its usage has to stay in the books."),
}
