def greet(name):
    print("{{greeting}}", name)
