"""The file of users, line by line."""

import pytest

import tools.users
from rtsp.digest import ha1
from rtsp.users import UserError, Users

MD5, SHA = "0" * 32, "a" * 64
GOOD = f"alice:lab:SHA-256:{SHA}"


def read(*lines):
    users = Users()
    users.read(lines)
    return users


def test_a_file_is_read():
    """Comments, empty lines, small letters, a realm with colons, line ends of any system."""
    alice = f"alice:a:b:sha-256:{SHA.upper()}\r\n", f"alice:a:b:md5:{MD5}\n"
    users = read("# who\n", "\r\n", *alice, f"bob:a:b:MD5:{MD5}")
    assert users.realm == "a:b"
    assert users.secrets == {"alice": {"SHA-256": SHA, "MD5": MD5}, "bob": {"MD5": MD5}}
    assert users.algorithms == ["MD5"]


@pytest.mark.parametrize("line", [
    "alice", "alice:lab", f"alice:SHA-256:{SHA}", f":lab:SHA-256:{SHA}", f"bob:lab:SHA-512:{SHA}",
    f"bob:lab:SHA-256:{MD5}", f"bob:lab:MD5:{'g' * 32}", f"bob:other:MD5:{MD5}", GOOD, "bob:lab:MD5:",
])
def test_a_bad_line_is_named(line):
    """By its number, in one sentence that repeats no HA1."""
    with pytest.raises(UserError) as caught:
        read("", GOOD, line)
    assert str(caught.value).startswith("line 3: ") and MD5 not in str(caught.value) and SHA not in str(caught.value)


def test_passwords_of_the_command_line_join_those_of_the_file():
    """In the file's realm; the password itself is not kept."""
    users = read(GOOD, f"alice:lab:MD5:{MD5}")
    users.add("bob", "se:cret")
    assert users.secrets["bob"] == {one: ha1("bob", "lab", "se:cret", one) for one in ("SHA-256", "MD5")}
    assert users.algorithms == ["SHA-256", "MD5"] and "se:cret" not in repr(vars(users))
    with pytest.raises(UserError, match='two users "alice"'):
        users.add("alice", "x")


def test_all_must_be_able_to_log_in_the_same_way():
    """A challenge goes out before it is known who comes."""
    users = read(GOOD, f"bob:lab:MD5:{MD5}")
    with pytest.raises(UserError, match="same algorithm"):
        users.check()
    read(GOOD).check()
    Users().check()


def test_the_tool_writes_what_the_server_reads(monkeypatch, capsys):
    """Lines of both algorithms, without the password; two different ones are none."""
    typed = ["sécret", "sécret", "a", "b"]
    monkeypatch.setattr("getpass.getpass", lambda prompt, stream: typed.pop(0))
    assert tools.users.main(["alice"]) == 0
    written = capsys.readouterr().out
    users, wanted = read(*written.splitlines()), Users()
    wanted.add("alice", "sécret")
    assert (users.realm, users.secrets) == (wanted.realm, wanted.secrets) and "cret" not in written
    assert tools.users.main(["alice"]) == tools.users.main([]) == tools.users.main(["a:b"]) == 2
    assert capsys.readouterr().out == ""
