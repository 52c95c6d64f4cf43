# The host's users, groups and name.
# verdicts: ACCEPTED
import grp
import os
import pwd

users = {entry.pw_name for entry in pwd.getpwall()} - {"box"}
groups = {entry.gr_name for entry in grp.getgrall()} - {"box"}
name = os.uname().nodename
print("held" if not users and not groups and name == "box" else f"ESCAPED {users} {groups} {name}")
