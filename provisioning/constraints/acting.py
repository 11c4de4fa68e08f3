"""Rules of what acts by itself: suspension for debt, allowances, messages, enforcement, jobs."""

from provisioning.constraints.shared import BLANK, CUSTOMER, DAYS, NO_ROW, ONE_ROW, PRICE

_STATE = "the state is none of those that there are", "See schema.sql for them."
_MINUTE = "a time of day is 00:00 to 23:59", "Write it as 08:00."
_PERCENTS = "thresholds are percentages from 1 to 100", "Write them as 50,75,90,100."
_MONTHS = "so many months are not kept", "Give 0 to 24 for data of the month, 0 to 60 for top-ups."
_OWN = "data is used by what has it, no more than it has", "Only settle_allowances writes there."
_NOTICES = "overdue, second notice and suspension come in this order", "Give days that do not go back."

SENTENCES: dict[str, tuple[str, str]] = {
    # the provider
    "installation_name_check": BLANK,
    "installation_language_check": (
        "it is not a language",
        "Write its letters in lower case (ISO 639): en, af, pt.",
    ),
    "installation_dunning_minute_check": _MINUTE,
    "installation_debt_ignored_cents_check": ("a debt to be ignored is not below zero", "Give 0 for none."),
    "installation_no_cut_weekdays_check": (
        "there has to be a day on which customers are suspended",
        "Leave one weekday, or exempt the customers.",
    ),
    "installation_cut_from_minute_check": _MINUTE,
    "installation_cut_until_minute_check": _MINUTE,
    "cut_hours_are_some": ("the hours of suspension end before they begin", "Give the earlier one first."),
    "installation_brake_percent_check": ("a percentage is 0 to 100", "Give a number in that range."),
    "installation_brake_customers_check": ("a number of customers is not below zero", "Give 0 for none."),
    "installation_quiet_from_minute_check": _MINUTE,
    "installation_quiet_until_minute_check": _MINUTE,
    "quiet_hours_come_in_pairs": ("quiet hours have a beginning and an end", "Give both, or neither."),
    # suspension for debt
    "customer_overdue_days_check": DAYS,
    "customer_second_notice_days_check": DAYS,
    "customer_suspension_days_check": DAYS,
    "own_notices_come_in_order": _NOTICES,
    "customer_unsuspended_until_check": ("the time is no moment", "Write a date, or how long: 48h."),
    "suspended_for_debt_is_suspended": (
        "who is suspended for debt is suspended, and since some time",
        "Use: tollkeeper suspension set.",
    ),
    "promise_pkey": ONE_ROW,
    "one_promise_at_a_time": (
        "the customer has promised already",
        "Withdraw that first: tollkeeper suspension withdraw CODE.",
    ),
    "promise_customer_id_fkey": CUSTOMER,
    "promise_comment_check": BLANK,
    "promise_outcome_check": _STATE,
    "promise_ends_somehow": ("a promise that has ended was kept, broken or withdrawn", "Say which."),
    "no_cut_day_pkey": ("the day {value} is a no-cut day already", "Remove it first to call it otherwise."),
    "suspension_run_pkey": ONE_ROW,
    "one_stopped_run": (
        "a run that was stopped waits to be decided",
        "Decide it first: tollkeeper suspension approve, or discard.",
    ),
    "suspension_run_state_check": _STATE,
    "suspension_candidate_pkey": ONE_ROW,
    "suspension_candidate_run_id_fkey": NO_ROW,
    "suspension_candidate_customer_id_fkey": CUSTOMER,
    # data
    "customer_rollover_months_check": _MONTHS,
    "customer_topup_months_check": _MONTHS,
    "customer_usage_notice_percents_check": _PERCENTS,
    "customer_group_usage_notice_percents_check": _PERCENTS,
    "topup_pkey": ONE_ROW,
    "topup_account_id_fkey": NO_ROW,
    "topup_octets_check": ("a top-up has some data", "Give an amount such as 10GB."),
    "topup_price_cents_check": PRICE,
    "topup_comment_check": BLANK,
    "topup_expires_at_check": ("the expiry is no moment in time", "Write a date, or leave it away for never."),
    "topup_lasts": ("the top-up expires before it begins", "Give a later expiry."),
    "topup_is_not_overused": _OWN,
    "allowance_pkey": ONE_ROW,
    "allowance_due_pkey": ONE_ROW,
    "allowance_account_id_fkey": NO_ROW,
    "allowance_octets_check": _OWN,
    "allowance_is_not_overused": _OWN,
    # messages
    "notice_pkey": ONE_ROW,
    "notice_customer_id_fkey": CUSTOMER,
    "notice_kind_check": ("a kind of notice is written in lower case", "Such as second_notice."),
    "notice_customer_id_kind_about_key": ("the customer was told so already", "Each notice goes out once."),
    "message_pkey": ONE_ROW,
    "message_customer_id_fkey": CUSTOMER,
    "message_notice_id_fkey": NO_ROW,
    "message_recipient_check": (
        "a message needs a recipient",
        "Give the customer an e-mail address or a phone number.",
    ),
    "message_state_check": _STATE,
    "message_attachment_pkey": ("the file is with the message already", "Give each file once."),
    "message_attachment_message_id_fkey": NO_ROW,
    "message_attachment_sha256_check": ("a file is known by its SHA-256", "Use: tollkeeper message send --attach."),
    "message_attachment_file_name_check": ("a file's name has no / in it", "Call it otherwise."),
    "message_template_pkey": ONE_ROW,
    "message_template_name_check": ("a template's name is lower-case letters, digits and _", "Choose such a name."),
    "message_template_language_check": (
        "it is not a language",
        "Write its letters in lower case (ISO 639): en, af, pt.",
    ),
    "message_template_category_check": BLANK,
    "message_template_body_check": ("a template needs some words", "Give them with --file."),
    "message_gateway_pkey": ONE_ROW,
    "message_gateway_sender_check": BLANK,
    "message_gateway_host_check": ("a host's name has no spaces", "Write it as mail.example.net."),
    "message_gateway_port_check": ("a port is 1 to 65535", "It is 587 (STARTTLS), 465 (TLS) or 25."),
    "message_gateway_tls_check": ("there is starttls, tls or none", "Choose one of them."),
    "message_gateway_url_check": ("a URL begins with http:// or https://", "Write it whole."),
    "message_gateway_method_check": ("the method is GET, POST or PUT", "Choose one of them."),
    "message_gateway_headers_check": ("headers are names and values", "Write each as 'Name: value'."),
    "message_gateway_user_name_check": BLANK,
    "message_gateway_messages_a_second_check": ("messages a second are 1 to 1000", "Give a number in that range."),
    "gateway_of_email_has_a_host": ("a mail server has a host, a port and TLS or none", "Give --host."),
    "gateway_of_sms_has_a_url": ("an SMS gateway has a URL and a method", "Give --url."),
    # those who are online
    "nas_coa_packets_a_second_check": ("packets a second are 1 to 10000", "Give a number in that range."),
    "session_treatment_pkey": ONE_ROW,
    "session_treatment_action_check": _STATE,
    "session_treatment_state_check": _STATE,
    "enforcement_attempt_pkey": ONE_ROW,
    "enforcement_attempt_action_check": _STATE,
    "enforcement_attempt_outcome_check": _STATE,
    "enforcement_position_pkey": ONE_ROW,
    "enforcement_position_one_row_check": ONE_ROW,
    # jobs
    "job_pkey": ONE_ROW,
    "job_run_pkey": ONE_ROW,
    "job_run_outcome_check": _STATE,
}
