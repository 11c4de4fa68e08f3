"""Rules of resellers, operators, the audit, imports, filters."""

from provisioning.constraints.shared import BLANK, EMAIL, NO_ROW, ONE_ROW, RESELLER

SENTENCES: dict[str, tuple[str, str]] = {
    "reseller_pkey": ONE_ROW,
    "reseller_name_key": ("there is already a reseller named {value}", "Choose another name."),
    "reseller_name_check": ("a reseller needs a name", "Give one without spaces at its ends."),
    "reseller_brand_check": BLANK,
    "reseller_check": ("a reseller cannot be its own parent", "Choose another parent, or none."),
    "reseller_parent_id_fkey": RESELLER,
    "reseller_parents_form_a_tree": (
        "a reseller would be its own ancestor, or more than eight levels deep",
        "Choose another parent.",
    ),
    "operator_role_pkey": ("there is already a role named {value}", "Choose another name, or edit that role."),
    "operator_role_name_check": ("a role is named in lower case, such as helpdesk", "Choose such a name."),
    "operator_role_permission_pkey": ONE_ROW,
    "operator_role_permission_role_fkey": NO_ROW,
    "operator_pkey": ONE_ROW,
    "operator_name_key": ("there is already an operator named {value}", "Choose another name."),
    "operator_name_check": (
        "an operator is named in 2 to 41 lower-case letters, digits, - and _",
        "Choose such a name; it may not start with pg_ or tollkeeper.",
    ),
    "operator_name_is_no_other_role": ("the database has another role of this name", "Choose another name."),
    "operator_email_check": EMAIL,
    "operator_role_fkey": ("the role does not exist, or operators have it", "See: tollkeeper role list."),
    "operator_reseller_id_fkey": RESELLER,
    # the audit, imports, filters
    "audit_entry_pkey": ONE_ROW,
    "audit_entry_position_key": ONE_ROW,
    "audit_entry_hash_key": ONE_ROW,
    "seal_audit_entry": ONE_ROW,
    "audit_change_pkey": ONE_ROW,
    "audit_change_entry_id_fkey": NO_ROW,
    "audit_head_pkey": ONE_ROW,
    "audit_head_one_row_check": ONE_ROW,
    "import_run_pkey": ONE_ROW,
    "import_run_kind_check": BLANK,
    "import_row_pkey": ONE_ROW,
    "import_row_run_id_fkey": NO_ROW,
    "saved_filter_pkey": ("there is already a filter of this name", "Remove it first, or choose another name."),
    "saved_filter_name_check": (
        "a filter is named in up to 61 letters, digits, spaces, . - and _",
        "Choose such a name.",
    ),
    "saved_filter_options_check": ONE_ROW,
}
