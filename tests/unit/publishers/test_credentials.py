"""A credential proves itself by its whole text, and is kept only as a digest."""

import hashlib

import pytest

from shared.publishers.credentials import Credential, CredentialKind


@pytest.mark.parametrize("kind", ["bk", "pk", "oc", "at"])
def test_what_is_shown_is_what_is_read(kind: CredentialKind) -> None:
    made = Credential.new(kind)
    read = Credential.parse(made.text)
    assert read == made
    assert made.text.startswith(f"{kind}_live_")
    assert len(bytes.fromhex(made.secret)) == 32


def test_a_digest_says_nothing_and_fits_one_text_only() -> None:
    made = Credential.new("bk")
    assert made.digest == hashlib.sha256(made.text.encode()).hexdigest()
    assert made.proves(made.digest)
    assert not Credential("bk", made.number, "0" * 64).proves(made.digest)
    assert not Credential("pk", made.number, made.secret).proves(made.digest)


def test_no_two_are_alike() -> None:
    made = [Credential.new("bk") for _ in range(100)]
    assert len({one.number for one in made}) == len({one.secret for one in made}) == 100


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text + "\n",
        lambda text: text.upper(),
        lambda text: text.replace("live", "test"),
        lambda text: "xx" + text[2:],
        lambda text: text[:40],
        lambda text: " " + text,
        lambda text: text[:-1] + "\x00",
        lambda _: "",
    ],
)
def test_anything_else_is_none_of_ours(change: object) -> None:
    assert callable(change)
    assert Credential.parse(change(Credential.new("bk").text)) is None
