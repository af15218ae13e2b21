"""Lines for `Server.py --users FILE`: the password is asked for, and only what proves it is written down.

    python -m tools.users NAME [REALM] >> users.txt && chmod 600 users.txt
"""

from __future__ import annotations

import getpass
import sys

from rtsp.users import REALM, Users


def lines(name: str, password: str, realm: str = REALM) -> list[str]:
    """One for each algorithm."""
    users = Users(realm)
    users.add(name, password)
    return [f"{name}:{realm}:{algorithm}:{secret}" for algorithm, secret in users.secrets[name].items()]


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) not in (1, 2) or not arguments[0] or ":" in arguments[0]:
        print("python -m tools.users NAME [REALM]; a name has no colon in it", file=sys.stderr)
        return 2
    password = getpass.getpass("Password: ", sys.stderr)
    if getpass.getpass("Once more: ", sys.stderr) != password:
        print("These were two different passwords: nothing is written.", file=sys.stderr)
        return 2
    print("\n".join(lines(arguments[0], password, *arguments[1:])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
