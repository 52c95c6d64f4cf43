import sys

sys.setrecursionlimit(10**6)


def visit(node, depth):
    return depth if node == 0 else visit(node - 1, depth + 1)


print("deep" if visit(10**5, 0) == 10**5 else "wrong")
