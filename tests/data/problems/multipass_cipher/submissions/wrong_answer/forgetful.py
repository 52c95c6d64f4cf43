# Hopes to find in the last pass what it wrote in the first.
import os

word, text = input().split()
if word == "hide":
    open("text", "w").write(text)
print({"hide": "1", "again": "2"}.get(word) or (open("text").read() if os.path.exists("text") else "lost"))
