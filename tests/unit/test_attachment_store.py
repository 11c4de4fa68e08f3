"""Files by their SHA-256, on disk."""

import os

import pytest

from provisioning.attachment_store import Damaged, Store
from provisioning.errors import BadInput


@pytest.fixture
def store(tmp_path):
    """Return an empty store whose folder is not there yet."""
    return Store(tmp_path / "home" / "attachments")


def test_a_content_is_synced_before_it_has_its_name(store, monkeypatch):
    """The file is synced, then renamed, then its folder is synced: after a crash it is whole or not there."""
    seen = []

    def watch(name):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *arguments: (seen.append((name, *arguments)), real(*arguments))[1])

    for name in ("fsync", "rename"):
        watch(name)
    digest = store.put(b"content")
    assert [name for name, *_ in seen][-3:] == ["fsync", "rename", "fsync"]
    assert seen[-2][2] == store.path(digest)
    assert store.get(digest) == b"content"


def test_a_failed_write_leaves_nothing(store, monkeypatch):
    """Where the disk fails while a file is written, it is refused with the reason, and nothing is left behind."""

    def fails(*_):
        raise OSError(28, "No space left on device", "there")

    monkeypatch.setattr(os, "rename", fails)
    with pytest.raises(BadInput, match="No space left on device"):
        store.put(b"content")
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


def test_a_damaged_content_is_mended_by_another_put(store):
    """A content that is there is not trusted: where it is another by now, it is written again."""
    digest = store.put(b"content")
    store.path(digest).write_bytes(b"contend")
    with pytest.raises(Damaged, match="is damaged"):
        store.get(digest)
    assert store.put(b"content") == digest
    assert store.get(digest) == b"content"


def test_a_sweep_keeps_what_is_wanted(store):
    """A sweep removes what is not wanted and says how much that was; where there is nothing yet, nothing."""
    assert store.sweep(frozenset()) == 0
    kept, gone = store.put(b"kept"), store.put(b"gone")
    assert store.sweep(frozenset({kept})) == 1
    assert store.get(kept) == b"kept"
    with pytest.raises(Damaged, match="is missing"):
        store.get(gone)
