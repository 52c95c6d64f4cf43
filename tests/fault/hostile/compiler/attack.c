# This is what a compiler does when a submission has code run by it (DMOJ judge-server#318: Nim's staticExec; Java's
# processors, Rust's macros). Here the compiler itself is /bin/sh and this its source.
# verdicts: ACCEPTED
told=ran
for path in /etc/shadow /root /sys /proc/1/environ; do
  [ -e "$path" ] && told="ESCAPED $path"
done
(echo x >/usr/escaped) 2>/dev/null && told="ESCAPED: wrote to /usr"
grep -q eth0 /proc/net/dev && told="ESCAPED: a network"
(setsid sleep 600 >/dev/null 2>&1 &)
echo x >/tmp/left
echo x >/dev/shm/left
cd /work || exit 1
ln -s /etc/passwd passwd
ln -s / slash
mkfifo fifo
mkdir -p made/deep/deeper
ln -s /proc/self/environ made/linked
ln -s .. made/up
mkfifo made/fifo
: >"$(printf 'made/\377\n.class')"
: >"made/$(printf %0250d 1)"
cat >made/program <<END
#!/bin/sh
told="$told"
[ -e /tmp/left ] && told="ESCAPED: /tmp"
[ -e /dev/shm/left ] && told="ESCAPED: /dev/shm"
for folder in /proc/[0-9]*; do
  [ "\$folder" = "/proc/\$\$" ] || told="ESCAPED \$folder"
done
[ "\$told" = ran ] && echo held || echo "\$told"
END
chmod 755 made/program
