"""The control socket, asked through a real one."""

import json
import socket
import stat
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from policies.facts import Account, Nas
from radiusd.control import BadQuestion, Control, answer
from radiusd.feed import Feed
from radiusd.hook import Hook, ReturnCodes
from radiusd.questions import Questions
from radiusd.rejections import Rejections
from tests.fix_waiting import Eventually
from tests.unit.facts_factory import ACCOUNT, DEVICE, GROUP, NAS, NOW, PACKAGE
from tests.unit.test_state import make_state

CODES = ReturnCodes(reject=0, ok=2, handled=3, notfound=6)


@pytest.fixture
def path() -> Iterator[Path]:
    """Where a socket can be: a unix socket's path has 107 octets at most."""
    with tempfile.TemporaryDirectory(prefix="tk", dir="/tmp") as folder:
        yield Path(folder) / "control"


@pytest.fixture
def hook() -> Hook:
    """A hook that answers for one paying customer on two routers."""
    made = Hook(CODES, Rejections())
    made.take(make_state(("nas", Nas(2, "bng-2", "2001:db8::2", "another secret", vendor="generic"))))
    return made


@pytest.fixture
def questions(hook: Hook, path: Path) -> Questions:
    """What that hook can be asked."""
    return Questions(hook, Feed(hook.take, path, path), Rejections())


@pytest.fixture
def served(questions: Questions, path: Path, eventually: Eventually) -> Iterator[Path]:
    """The path of a socket on which that hook answers."""
    control = Control(path, {"status": questions.status, "explain": questions.explain})
    control.start()
    eventually(lambda: ask(path, {"command": "status"}))
    yield path
    control.stop()


def say(path: Path, octets: bytes) -> bytes:
    """Return everything that comes back for these octets; an AssertionError where nobody answers."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5.0)
        try:
            client.connect(str(path))
            client.sendall(octets)
            return b"".join(iter(lambda: client.recv(65536), b""))
        except OSError as exc:
            raise AssertionError(f"nobody answers: {exc}") from exc


def ask(path: Path, question: object) -> dict[str, Any]:
    """Return the answer to one question, which is one line."""
    said = say(path, json.dumps(question).encode() + b"\n")
    assert said.endswith(b"\n")
    assert said.count(b"\n") == 1
    told: dict[str, Any] = json.loads(said)
    return told


# ------------------------------------------------------------------------------------------------- status


def test_status_is_of_the_hooks_memory(served: Path) -> None:
    """Rows, feed, answers, reservations."""
    told = ask(served, {"command": "status"})
    assert (told["accounts"], told["customers"], told["nas"], told["devices"]) == (1, 1, 2, 0)
    assert told["feed"] == {"connected": False, "lag_seconds": None, "last_error": None}
    assert told["answers"] == {"accept": 0, "garden": 0, "throttle": 0, "reject": {}, "silent": 0}
    assert (told["reservations"], told["schema_version"]) == (0, 4)


def test_before_the_first_state_the_phase_is_loading(hook: Hook, questions: Questions) -> None:
    """And there are no rows."""
    hook.state = None
    told = questions.status({})
    assert (told["phase"], told["accounts"], told["source"]) == ("loading", 0, None)


@pytest.mark.parametrize(("age", "phase"), [(0.0, "serving"), (60.0, "stale")])
def test_the_phase_goes_by_the_states_age(hook: Hook, path: Path, age: float, phase: str) -> None:
    """Served but old is stale."""
    feed = Feed(hook.take, path, path)
    feed.in_step_at = time.time() - age
    told = Questions(hook, feed, Rejections()).status({})
    assert told["phase"] == phase
    assert age <= told["age_seconds"] < age + 5


# ------------------------------------------------------------------------------------------------ explain


def test_explain_is_the_hooks_own_decision(served: Path, hook: Hook) -> None:
    """Outcome, reason, rules and attributes; nothing is reserved or counted."""
    assert hook.state is not None
    hook.state.put("package", replace(PACKAGE, sessions_allowed=1))
    told = ask(served, {"command": "explain", "user_name": "nemo", "nas": "bng-1", "mac": None, "at": NOW})
    assert (told["outcome"], told["reason"], told["message"]) == ("accept", "accepted", "Welcome.")
    assert told["attributes"][0] == ["Mikrotik-Rate-Limit", ":=", "10M/50M"]
    assert [rule["verdict"] for rule in told["rules"]] == ["passed"] * 11
    assert len(hook.slots) == 0
    assert hook.counts.as_dict()["accept"] == 0


@pytest.mark.parametrize("nas", ["bng-2", "2001:db8::2"])
def test_explain_takes_a_nas_by_name_or_address(served: Path, nas: str) -> None:
    """Its vendor's attributes are told: a generic router hears no speed."""
    told = ask(served, {"command": "explain", "user_name": "nemo", "nas": nas})
    assert [name for name, *_ in told["attributes"]] == ["Acct-Interim-Interval", "Class"]


def test_explain_without_a_nas_takes_any(served: Path) -> None:
    """Who asks about a user need not name a router."""
    assert ask(served, {"command": "explain", "user_name": "nemo"})["outcome"] == "accept"


def test_explain_of_a_time_to_come(served: Path, hook: Hook) -> None:
    """At the second of the expiry it is refused, before it is not."""
    assert hook.state is not None
    hook.state.put("account", replace(ACCOUNT, expires_at=NOW))
    before, after = (ask(served, {"command": "explain", "user_name": "nemo", "at": at}) for at in (NOW - 1, NOW))
    assert (before["outcome"], before["session_timeout_seconds"]) == ("accept", 1)
    assert (after["outcome"], after["reason"]) == ("reject", "expired")


def test_explain_of_a_device(served: Path, hook: Hook) -> None:
    """The MAC of the question is that of Calling-Station-Id."""
    assert hook.state is not None
    hook.state.put("device", replace(DEVICE, authorised=False))
    told = ask(served, {"command": "explain", "user_name": "nemo", "mac": "02-00-00-00-00-01"})
    assert told["reason"] == "device_not_authorised"


def test_explain_of_nobody(served: Path) -> None:
    """An unknown user is an answer, not an error."""
    told = ask(served, {"command": "explain", "user_name": "ned"})
    assert (told["outcome"], told["reason"], told["attributes"]) == ("reject", "unknown_user", [])


def test_explain_of_what_the_vendor_cannot_say(served: Path, hook: Hook) -> None:
    """The reject has its reason, and the vendor's own words."""
    assert hook.state is not None
    hook.state.put("nas", replace(NAS, vendor="cisco"))
    told = ask(served, {"command": "explain", "user_name": "nemo", "nas": "bng-1"})
    assert (told["outcome"], told["reason"]) == ("reject", "speed_unexpressible")
    assert "profile for cisco" in told["message"]


def test_explain_tells_the_last_rejections(hook: Hook, path: Path) -> None:
    """Those that really happened."""
    rejections = Rejections()
    told_hook = Hook(CODES, rejections)
    told_hook.take(make_state(("group", replace(GROUP, enabled=False))))
    with capture_logs():
        rejections.start()
        told_hook.authorize((("User-Name", "nemo"), ("Tollkeeper-Source-Address", NAS.address)))
        rejections.stop()
    told = Questions(told_hook, Feed(told_hook.take, path, path), rejections).explain({"user_name": "nemo"})
    (rejection,) = told["rejections"]
    assert (rejection["reason"], rejection["nas"], rejection["mac"]) == ("group_disabled", NAS.address, "")


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ({}, "user_name"),
        ({"user_name": 7}, "user_name"),
        ({"user_name": "nemo", "mac": 7}, "mac"),
        ({"user_name": "nemo", "nas": "bng-9"}, "no NAS bng-9"),
        ({"user_name": "nemo", "nas": 7}, "no NAS 7"),
        ({"user_name": "nemo", "nas": ["bng-1"]}, "no NAS"),
        ({"user_name": "nemo", "at": "noon"}, "at has to be"),
        ({"user_name": "nemo", "at": -1}, "at has to be"),
        ({"user_name": "nemo", "at": 1e300}, "at has to be"),
    ],
)
def test_a_question_that_cannot_be_answered_says_so(served: Path, question: dict[str, Any], error: str) -> None:
    """With the cause, and a hint."""
    told = ask(served, {"command": "explain", **question})
    assert error in told["error"]
    assert told["hint"]


def test_explain_on_a_broken_state_says_so(served: Path, hook: Hook) -> None:
    """Where the hook would be silent."""
    assert hook.state is not None
    hook.state.put("account", Account("lost", 99, 1))
    assert "not there" in ask(served, {"command": "explain", "user_name": "lost"})["error"]


def test_explain_before_the_first_state_says_so(hook: Hook, questions: Questions) -> None:
    """There is nothing to explain from."""
    hook.state = None
    with pytest.raises(BadQuestion, match="not loaded"):
        questions.explain({"user_name": "nemo"})


def test_no_answer_carries_a_secret(served: Path) -> None:
    """Neither the account's password nor a router's secret."""
    for command in ("status", "explain"):
        told = say(served, json.dumps({"command": command, "user_name": "nemo"}).encode() + b"\n").decode()
        assert not any(secret in told for secret in (str(ACCOUNT.password), NAS.secret, "another secret"))


# ------------------------------------------------------------------------------------------------ garbage

COMMANDS = {"status": lambda question: {"up": True}}


@given(st.binary(max_size=60) | st.text().map(str.encode))
def test_garbage_is_answered_with_an_error(line: bytes) -> None:
    """Whatever the line, the answer says what could be asked."""
    assert answer(COMMANDS, line)["hint"] == "Ask one of: status."


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(json_values)
def test_json_of_any_shape_is_answered(question: object) -> None:
    """As is a question whose command is no text."""
    for asked in (question, {"command": question}):
        assert "error" in answer(COMMANDS, json.dumps(asked).encode())


def test_an_unknown_command_is_told_the_known_ones(served: Path) -> None:
    """With a hint."""
    told = ask(served, {"command": "shutdown"})
    assert told == {"error": "not a question that the hook knows", "hint": "Ask one of: status, explain."}


def test_who_hangs_up_or_says_nothing_harms_nobody(served: Path) -> None:
    """Others are answered meanwhile."""
    with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as gone:
        silent.connect(str(served))
        gone.connect(str(served))
        gone.send(b'{"comm')
        gone.close()
        assert ask(served, {"command": "status"})["version"]


def test_a_question_without_an_end_is_answered_at_its_end(served: Path) -> None:
    """Who closes instead of ending the line has asked."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5.0)
        client.connect(str(served))
        client.sendall(b'{"command": "status"}')
        client.shutdown(socket.SHUT_WR)
        assert b'"version"' in client.recv(65536)


# ------------------------------------------------------------------------------------------- socket and file


def start(path: Path, name: str) -> Control:
    """Start a server that says its name."""
    control = Control(path, {"who": lambda question: {"name": name}})
    control.start()
    return control


def test_only_owner_and_group_may_ask(served: Path) -> None:
    """Mode 0660."""
    assert stat.S_IMODE(served.stat().st_mode) == 0o660


def test_a_stopped_server_leaves_no_socket(path: Path, eventually: Eventually) -> None:
    """And stops at once."""
    control = start(path, "one")
    eventually(lambda: ask(path, {"command": "who"}))
    control.stop()
    assert not path.exists()


def test_a_server_may_be_stopped_before_it_has_begun(path: Path, eventually: Eventually) -> None:
    """As `freeradius -C` does: nothing is left running, and nobody waits."""
    took = []
    for _ in range(30):
        control = start(path, "one")
        began = time.monotonic()
        control.stop()
        took.append(time.monotonic() - began)

    def has_ended() -> None:
        assert [thread.name for thread in threading.enumerate() if thread.name == "control"] == []

    eventually(has_ended)
    assert not path.exists()
    assert statistics.median(took) < 1.5


def test_a_stale_socket_file_is_replaced(path: Path, eventually: Eventually) -> None:
    """What a killed server left behind keeps nobody from serving."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    control = start(path, "one")

    def answers() -> None:
        assert ask(path, {"command": "who"}) == {"name": "one"}

    eventually(answers)
    control.stop()


def test_a_second_server_waits_for_the_first(path: Path, eventually: Eventually) -> None:
    """It leaves the first one's socket alone, and takes over when that is gone."""

    def answers(name: str) -> None:
        assert ask(path, {"command": "who"}) == {"name": name}

    first = start(path, "first")
    eventually(lambda: answers("first"))
    second = start(path, "second")
    time.sleep(1.3)  # the second one looks once a second
    answers("first")
    first.stop()
    eventually(lambda: answers("second"))
    second.stop()
    assert not path.exists()


def test_a_path_that_cannot_be_is_logged(path: Path, eventually: Eventually) -> None:
    """The hook goes on without; nothing is raised."""
    with capture_logs() as logged:
        control = start(path.parent / "missing" / "control", "one")

        def failed() -> None:
            assert [line["event"] for line in logged][:1] == ["control_socket_failed"]

        eventually(failed)
        control.stop()
