# Bytes that are no text, zeros, terminal sequences and broken UTF-8, on both streams.
# verdicts: WRONG_ANSWER
import sys

junk = b"\x1b]0;title\x07\x1b[2J\x00\xff\xfe\xed\xa0\x80\xf4\x90\x80\x80\r\n" * 200
sys.stdout.buffer.write(junk)
sys.stderr.buffer.write(junk)
