"""Why a request was answered as it was: exactly one reason per decision."""

from enum import Enum


class Reason(Enum):
    """The reasons in the order in which they are looked for; the value is what is logged and counted."""

    MALFORMED_REQUEST = "malformed_request"
    UNKNOWN_USER = "unknown_user"
    WRONG_NAS = "wrong_nas"
    DEVICE_NOT_AUTHORISED = "device_not_authorised"
    ACCOUNT_BLOCKED = "account_blocked"
    CUSTOMER_DELETED = "customer_deleted"
    CUSTOMER_DISABLED = "customer_disabled"
    GROUP_DISABLED = "group_disabled"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    SESSIONS_EXCEEDED = "sessions_exceeded"
    CAP_REACHED = "cap_reached"
    SPEED_UNEXPRESSIBLE = "speed_unexpressible"
    ACCEPTED = "accepted"

    @property
    def message(self) -> str:
        """The reason as the customer may read it, for Reply-Message (RFC 2865 5.18)."""
        return _MESSAGES[self]


_MESSAGES = {
    Reason.MALFORMED_REQUEST: "The request could not be understood.",
    Reason.UNKNOWN_USER: "Unknown user.",
    Reason.WRONG_NAS: "This account may not be used here.",
    Reason.DEVICE_NOT_AUTHORISED: "This device is not authorised.",
    Reason.ACCOUNT_BLOCKED: "This account is blocked.",
    Reason.CUSTOMER_DELETED: "This account is closed.",
    Reason.CUSTOMER_DISABLED: "This account is disabled.",
    Reason.GROUP_DISABLED: "This service is disabled.",
    Reason.EXPIRED: "This account has expired.",
    Reason.SUSPENDED: "This account is suspended.",
    Reason.SESSIONS_EXCEEDED: "You are already logged in.",
    Reason.CAP_REACHED: "The data cap has been reached.",
    Reason.SPEED_UNEXPRESSIBLE: "The speed of this package cannot be set on this router.",
    Reason.ACCEPTED: "Welcome.",
}
