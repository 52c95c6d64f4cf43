import os
import sys

from greeting import greet

if len(sys.argv) > 1:
    greet(sys.argv[1])
elif os.path.exists("name.txt"):
    greet(open("name.txt").read().strip())
else:
    greet(input())
