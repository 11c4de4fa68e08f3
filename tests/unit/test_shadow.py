"""Recordings are read, answers find their requests, and only what matters to a subscriber is a difference."""

import pytest

from provisioning.errors import BadInput
from provisioning.shadow import asking, comparing, recording
from provisioning.shadow.exchange import Answer
from provisioning.shadow.following import Follower
from provisioning.shadow.pairing import Pairing

REQUEST = """Sun Nov 22 15:20:46 2026
	Packet-Type = Access-Request
	Packet-Src-IP-Address = 192.0.2.1
	Packet-Src-Port = {port}
	User-Name = "{user}"
	NAS-Port-Id = "a \\"b\\" \\\\ \\344"
	Timestamp = 1795360846

"""
REPLY = """Sun Nov 22 15:20:46 2026
	Packet-Type = Access-Accept
	Packet-Dst-IP-Address = 192.0.2.1
	Packet-Dst-Port = {port}
	Session-Timeout = {timeout}
	Timestamp = 1795360846

"""


def packets(text, path):
    """Return the packets of a text."""
    return list(recording.Reader(path).feed(text))


def test_a_detail_record_is_read(tmp_path):
    """Header and attributes are told apart, and quotes and escapes are taken off."""
    (packet,) = packets(REQUEST.format(port=1, user="ann"), tmp_path / "detail")
    assert (packet.code, packet.at) == ("Access-Request", 1795360846)
    assert dict(packet.pairs) == {"User-Name": "ann", "NAS-Port-Id": 'a "b" \\ ä'}


def test_records_may_come_in_pieces(tmp_path):
    """Wherever the file ends for now, the rest is waited for."""
    text = REQUEST.format(port=1, user="ann") + REPLY.format(port=1, timeout=5)
    whole = packets(text, tmp_path / "detail")
    for cut in range(0, len(text), 7):
        reader = recording.Reader(tmp_path / "detail")
        assert [*reader.feed(text[:cut]), *reader.feed(text[cut:])] == whole


def test_ports_tell_whose_answer_it_is(tmp_path):
    """In whatever order answers were written down."""
    text = "".join(REQUEST.format(port=port, user=f"u{port}") for port in (1, 2, 3))
    text += "".join(REPLY.format(port=port, timeout=port) for port in (3, 1, 2))
    pairing = Pairing()
    found = {one.user_name: dict(one.answer.pairs) for one in pairing.take(packets(text, tmp_path / "d"))}
    assert found == {f"u{port}": {"Session-Timeout": str(port)} for port in (1, 2, 3)}
    assert pairing.unsure == 0


def test_identifiers_tell_whose_answer_it_is(tmp_path):
    """One port may send many requests a second."""
    text = "".join(REQUEST.format(port=1, user=f"u{one}").replace("2026", f"2026 id={one}") for one in (1, 2))
    text += "".join(REPLY.format(port=1, timeout=one).replace("2026", f"2026 id={one}") for one in (2, 1))
    found = {one.user_name: dict(one.answer.pairs) for one in Pairing().take(packets(text, tmp_path / "d"))}
    assert found == {f"u{one}": {"Session-Timeout": str(one)} for one in (1, 2)}


def test_one_after_the_other_is_plain_and_what_is_doubtful_is_not_compared(tmp_path):
    """Without ports two requests of one second are told apart if they do not overlap; the folder is the router."""
    ask, answer = ([REQUEST.format(port=1, user=user) for user in "ab"], REPLY.format(port=1, timeout=1))
    plain, doubtful = (_bare(ask[0] + answer + ask[1] + answer), _bare(ask[0] + ask[1] + answer * 2))
    found = list(Pairing().take(packets(plain, tmp_path / "192.0.2.9" / "detail")))
    assert [(one.user_name, one.source) for one in found] == [("a", "192.0.2.9"), ("b", "192.0.2.9")]

    pairing = Pairing()
    assert list(pairing.take(packets(doubtful, tmp_path / "192.0.2.9" / "detail"))) == []
    assert pairing.unsure == 2
    named = doubtful.replace("Access-Accept\n", 'Access-Accept\n\tUser-Name = "b"\n', 1)
    assert [one.user_name for one in Pairing().take(packets(named, tmp_path / "x" / "d"))] == ["b", "a"]


def _bare(text):
    """Return a record without ports and addresses."""
    return "".join(line for line in text.splitlines(keepends=True) if "Packet-S" not in line and "Packet-D" not in line)


def test_an_answer_may_come_before_its_request_is_read(tmp_path):
    """Requests and answers are in files of their own; one without the other is counted in the end."""
    pairing = Pairing()
    assert list(pairing.take(packets(REPLY.format(port=1, timeout=1), tmp_path / "d"))) == []
    assert len(list(pairing.take(packets(REQUEST.format(port=1, user="a"), tmp_path / "d")))) == 1
    list(pairing.take(packets(REQUEST.format(port=2, user="b"), tmp_path / "d")))
    pairing.give_up(1795360846 + 61)
    assert pairing.unanswered == 1


def test_json_lines(tmp_path):
    """A line is an exchange; several values of one attribute are a list."""
    file = tmp_path / "lines"
    file.write_text(
        '{"at": 1, "source": "192.0.2.1", "request": {"User-Name": "ann"}, "answer": "Access-Accept",'
        ' "reply": {"Filter-Id": ["a", "b"]}}\n'
    )
    assert recording.is_json(file)
    (one,) = recording.read_json(file)
    assert (one.user_name, one.answer.pairs) == ("ann", (("Filter-Id", "a"), ("Filter-Id", "b")))


@pytest.mark.parametrize("line", ["{", "{}", '{"at": "x"}', '{"at": 1, "source": "a", "request": 5, "answer": ""}'])
def test_bad_json_lines_are_refused(tmp_path, line):
    """With the number of the line."""
    (tmp_path / "lines").write_text(f"\n{line}\n")
    with pytest.raises(BadInput, match="line 2 of "):
        list(recording.read_json(tmp_path / "lines"))


def test_a_file_without_packets_is_refused(tmp_path):
    """Rather than nothing compared and all well."""
    (tmp_path / "file").write_text("hello\n\n")
    with pytest.raises(BadInput, match="holds no packets"):
        list(recording.read_packets(tmp_path / "file"))


def accept(*pairs):
    """Return an accept."""
    return Answer("Access-Accept", pairs)


RATE = ("Mikrotik-Rate-Limit", "10M/50M")


@pytest.mark.parametrize(
    ("old", "ours"),
    [
        (accept(RATE), accept(("WISPr-Bandwidth-Max-Up", "10000000"), ("WISPr-Bandwidth-Max-Down", "50000000"))),
        (accept(RATE), accept(("ChilliSpot-Bandwidth-Max-Up", "10000"), ("ChilliSpot-Bandwidth-Max-Down", "50000"))),
        (accept(RATE), accept(("Mikrotik-Rate-Limit", "10000k/50M 10M/50M 0/0 1/1"))),
        (accept(("Mikrotik-Rate-Limit", "0/0")), accept()),
        (accept(("Session-Timeout", "100")), accept(("Session-Timeout", "140"))),
        (accept(("Class", "0x01"), ("Acct-Interim-Interval", "300")), accept(("Class", "0x02"))),
        (accept(("Framed-Pool", "a")), accept(("Cisco-AVPair", "ip:addr-pool=a"))),
        (
            accept(("Framed-IP-Address", "198.51.100.1"), ("Framed-Pool", "a")),
            accept(("Framed-IP-Address", "198.51.100.1")),
        ),
        (Answer("Access-Reject", (("Reply-Message", "no"),)), Answer("Access-Reject", (), "expired")),
    ],
)
def test_no_difference(old, ours):
    """The same in other words is the same."""
    assert comparing.compare(old, ours) == []


@pytest.mark.parametrize(
    ("old", "ours", "kind"),
    [
        (accept(), Answer("Access-Reject", (), "expired"), "answer"),
        (accept(RATE), accept(("Mikrotik-Rate-Limit", "50M/10M")), "speed"),
        (accept(RATE), accept(), "speed"),
        (accept(), accept(RATE), "speed"),
        (accept(RATE), accept(("Mikrotik-Rate-Limit", "10M/50M 20M/60M")), "burst"),
        (accept(("Session-Timeout", "100")), accept(("Session-Timeout", "161")), "session timeout"),
        (accept(("Session-Timeout", "100")), accept(), "session timeout"),
        (accept(("Framed-IP-Address", "198.51.100.1")), accept(), "address"),
        (accept(("Framed-Pool", "a")), accept(("Framed-Pool", "b")), "pool"),
        (accept(("Tunnel-Private-Group-Id:0", "5")), accept(("Tunnel-Private-Group-Id", "6")), "vlan"),
        (accept(("Filter-Id", "a")), accept(), "profile"),
        (accept(("Framed-Route", "203.0.113.0/24")), accept(), "route"),
    ],
)
def test_differences(old, ours, kind):
    """What a subscriber would notice is one."""
    assert [difference.kind for difference in comparing.compare(old, ours)] == [kind]


def test_a_folder_is_followed(tmp_path):
    """What is there at the beginning is passed over; new lines, new files, rotated and emptied ones are read."""
    (tmp_path / "192.0.2.1").mkdir()
    file = tmp_path / "192.0.2.1" / "detail"
    file.write_text(REQUEST.format(port=1, user="before"))
    follower = Follower(tmp_path)

    def read():
        return [dict(packet.pairs)["User-Name"] for packet in follower.read()]

    assert read() == []
    text = REQUEST.format(port=1, user="grown")
    with file.open("a") as growing:
        growing.write(text[:40])
    assert read() == []
    with file.open("a") as growing:
        growing.write(text[40:] + REQUEST.format(port=1, user="last")[:50])
    assert read() == ["grown"]
    with file.open("a") as growing:
        growing.write(REQUEST.format(port=1, user="last")[50:])
    file.rename(tmp_path / "192.0.2.1" / "detail.1")
    file.write_text(REQUEST.format(port=1, user="rotated"))
    assert sorted(read()) == ["last", "rotated"]
    file.write_text(REQUEST.format(port=1, user="x"))
    assert read() == ["x"]
    follower.close()


def test_radclients_words_are_read():
    """Each answer belongs to the request that has its identifier by then; one sent again is no other request."""
    said = """Sent Access-Request Id 7 from 0.0.0.0:1 to 127.0.0.1:1812 length 44
	User-Name = "a"
Sent Access-Request Id 9 from 0.0.0.0:1 to 127.0.0.1:1812 length 44
Received Access-Reject Id 9 from 127.0.0.1:1812 to 0.0.0.0:0 length 20
Sent Access-Request Id 7 from 0.0.0.0:1 to 127.0.0.1:1812 length 44
Sent Access-Request Id 9 from 0.0.0.0:1 to 127.0.0.1:1812 length 44
Received Access-Accept Id 7 from 127.0.0.1:1812 to 0.0.0.0:0 length 20
	Filter-Id = "x \\"y\\""
(2) No reply from server for ID 9 socket 3
Sent Access-Request Id 9 from 0.0.0.0:1 to 127.0.0.1:1812 length 44
Received Access-Accept Id 9 from 127.0.0.1:1812 to 0.0.0.0:0 length 20"""
    assert asking.read_answers(said.splitlines()) == {
        0: Answer("Access-Accept", (("Filter-Id", 'x "y"'),)),
        1: Answer("Access-Reject"),
        3: Answer("Access-Accept"),
    }
