"""The hook: what FreeRADIUS calls for every request. Memory only: no I/O, no lock, no log line per accept.

One call at a time comes from FreeRADIUS, so a microsecond here is a microsecond for everybody. What is returned is
exact int, tuple and str, for rlm_python3 drops anything else without a word (FREERADIUS.md 4). Whatever goes wrong, the
answer is silence, so that the router asks the next server instead of cutting off a paying customer (FREERADIUS.md 8).
"""

from random import getrandbits
from time import time
from typing import NamedTuple

from policies import reply, request
from policies.decide import MALFORMED_REQUEST, SPEED_UNEXPRESSIBLE, Decision, decide
from policies.dictionary import Dictionary
from policies.facts import Account, Facts
from policies.request import AccessRequest
from policies.speed import Unexpressible
from radiusd.counts import Counts
from radiusd.rejections import Rejections
from radiusd.replies import Replies
from radiusd.slots import Slots
from radiusd.state import State, place

Pairs = tuple[tuple[str, str], ...]
Answer = tuple[int, tuple[reply.Plain, ...], tuple[reply.Plain, ...]]


class ReturnCodes(NamedTuple):
    """FreeRADIUS's RLM_MODULE_* numbers, handed in by the bootstrap; any other number can kill the server."""

    reject: int
    ok: int
    handled: int
    notfound: int


class Hook:
    """Answers from `state`, which the feed replaces; None until it has been loaded."""

    def __init__(self, codes: ReturnCodes, rejections: Rejections, dictionary: Dictionary | None = None) -> None:
        self.state: State | None = None
        self.slots = Slots()
        self.counts = Counts()
        self._codes = codes
        self._rejections = rejections
        self._replies = Replies(dictionary)
        # the client wants another EAP method (RFC 3748 5.3.1), perhaps a tunnel: nobody has said yet who it is
        self._undecided: Answer = (codes.ok, (), ())
        self._silence: Answer = (codes.handled, (), (("Response-Packet-Type", ":=", "Do-Not-Respond"),))

    def take(self, state: State | None) -> None:
        """Answer from this state from now on; None: answer nothing."""
        self.state = state

    def authorize(self, pairs: Pairs | None) -> Answer:
        """Answer one Access-Request, or one round of an EAP conversation."""
        try:
            return self._answer(request.parse(pairs or ()), time())
        except Exception as exc:  # a request must never end in FreeRADIUS's own reject: that would cut a customer
            self._rejections.fault("authorize_failed", exc)
            return self._silent()

    def post_auth_reject(self, pairs: Pairs | None) -> int:
        """Free the slot of a session whose password was wrong after all; its Class comes with the request."""
        for name, value in pairs or ():
            if name == "Class":
                self.slots.free(value)
        return self._codes.ok

    def dynamic_client(self, pairs: Pairs | None) -> Answer:
        """Tell FreeRADIUS the secret of a router it does not know yet, or that there is none."""
        nas = self.state.nas_by_address.get(pairs[-1][1]) if self.state and pairs else None
        if nas is None:
            return (self._codes.notfound, (), ())
        client = (
            ("FreeRADIUS-Client-IP-Address" if "." in nas.address else "FreeRADIUS-Client-IPv6-Address", nas.address),
            ("FreeRADIUS-Client-Secret", nas.secret),
            ("FreeRADIUS-Client-Shortname", nas.name),
            ("FreeRADIUS-Client-Require-MA", "yes" if nas.requires_message_authenticator else "no"),
        )
        return (self._codes.ok, (), tuple((name, ":=", value) for name, value in client))

    def _answer(self, asked: AccessRequest | request.Malformed, now: float) -> Answer:
        state = self.state
        if state is None:
            return self._silent()
        if isinstance(asked, request.Malformed):
            return self._reject(MALFORMED_REQUEST, None, None, now)
        if asked.eap_type == "NAK":
            return self._undecided
        facts = state.facts(asked, now, self.slots.places)
        decision = decide(facts, now)
        if facts is None or decision.outcome == "reject":
            return self._reject(decision, facts, asked, now)
        try:
            fixed = self._replies.fixed(decision, facts, asked.is_ppp)
        except Unexpressible:
            return self._reject(SPEED_UNEXPRESSIBLE, facts, asked, now)
        return self._accept(decision, facts, asked, fixed, now)

    def _accept(
        self, decision: Decision, facts: Facts, asked: AccessRequest, fixed: tuple[reply.Plain, ...], now: float
    ) -> Answer:
        dice = getrandbits(112)
        session_class = f"0x544b{dice:028x}"  # "TK" and 14 random octets: ours when accounting brings it back
        if decision.outcome != "garden" and facts.sessions_allowed is not None:
            self.slots.reserve(facts.account.user_name, place(asked) or session_class, session_class, now)
        interim = facts.package.interim_seconds
        interim += dice % (interim // 10)  # or all who came back after a power cut would report in the same second
        self.counts.accepted(decision.outcome)
        varying = reply.varying(decision.session_timeout_seconds, interim, session_class)
        return (self._codes.ok, fixed + varying, _known_password(facts, asked))

    def _reject(self, decision: Decision, facts: Facts | None, asked: AccessRequest | None, now: float) -> Answer:
        self.counts.rejected(decision.reason.value)
        self._rejections.record(now, decision.reason, asked)
        return (self._codes.reject, reply.rejection(decision, facts), ())

    def _silent(self) -> Answer:
        self.counts.silent += 1
        return self._silence


def _known_password(facts: Facts, asked: AccessRequest) -> tuple[reply.Plain, ...]:
    """What FreeRADIUS's own pap, chap, mschap and eap compare with; without one only a certificate gets in."""
    if facts.by_mac:
        return _mac_password(asked)
    account: Account = facts.account
    if account.password is None:
        return ()
    return (("Password-With-Header" if account.pap_only else "Cleartext-Password", ":=", account.password),)


def _mac_password(asked: AccessRequest) -> tuple[reply.Plain, ...]:
    """The MAC is all that is known, and it has been checked. Only EAP-MD5 has to hear a password: the user name."""
    if asked.eap_type is not None:
        return (("Cleartext-Password", ":=", asked.user_name),)
    return (("Auth-Type", ":=", "Accept"),)
